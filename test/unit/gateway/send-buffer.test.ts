import { EventEmitter } from 'node:events'
import type { Socket as EngineSocket } from 'engine.io'
import { expect, test } from 'vitest'
import { SendBuffer } from '../../../src/gateway/limits/send-buffer.ts'
import { PollingOutput } from '../../../src/gateway/polling-output.ts'

class Transport extends EventEmitter {
  name = 'websocket'
  send = () => {}
  socket = { bufferedAmount: 0, terminate: () => {} }
}

/** The backlog of a connection whose client has so many bytes unread. */
function backlogOf(unread: number) {
  const transport = new Transport()
  transport.socket.bufferedAmount = unread
  const engine = Object.assign(new EventEmitter(), { transport, readyState: 'open', closed: 0, close: () => {} })
  const exceeded: number[] = []
  const sendBuffer = new SendBuffer(
    engine as unknown as EngineSocket,
    new PollingOutput(engine as unknown as EngineSocket),
    1000,
    {
      grown: () => {},
      exceeded: (bytes) => exceeded.push(bytes),
    },
  )
  const listeners = () => ['close', 'upgrade'].map((event) => engine.listenerCount(event))
  return { sendBuffer, engine, transport, exceeded, listeners }
}

test.each(['ready', 'upgrade', 'close'] as const)(
  'a replay waits for %s, and leaves no listener behind',
  async (event) => {
    const { sendBuffer, engine, transport, listeners } = backlogOf(300)
    const before = listeners()
    const waits = [sendBuffer.drained(), sendBuffer.drained()]
    expect(waits.map((wait) => wait instanceof Promise)).toEqual([true, true])
    if (event === 'ready') transport.emit(event)
    else engine.emit(event)
    await Promise.all(waits)
    expect(listeners()).toEqual(before)
    expect(transport.listenerCount('ready')).toBe(0)
  },
)

test('what waits for an ack counts as unread until it is sent, and does not hold a replay up', () => {
  const { sendBuffer, exceeded } = backlogOf(100)
  sendBuffer.hold(800)
  expect(sendBuffer.bytes).toBe(900)
  expect(sendBuffer.drained()).toBeUndefined()
  sendBuffer.hold(-800)
  sendBuffer.hold(850)
  expect(exceeded).toEqual([])
  sendBuffer.hold(100)
  expect(exceeded).toEqual([1050])
})
