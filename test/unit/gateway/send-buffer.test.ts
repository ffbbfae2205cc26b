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

/** The send buffer of a connection whose client has not read this many bytes. */
function sendBufferWith(unread: number) {
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
  'a replay waits for `%s` and removes its listeners',
  async (event) => {
    const { sendBuffer, engine, transport, listeners } = sendBufferWith(300)
    const before = listeners()
    const waits = [sendBuffer.writable(), sendBuffer.writable()]
    expect(waits.map((wait) => wait instanceof Promise)).toEqual([true, true])
    if (event === 'ready') transport.emit(event)
    else engine.emit(event)
    await Promise.all(waits)
    expect(listeners()).toEqual(before)
    expect(transport.listenerCount('ready')).toBe(0)
  },
)

test('bytes that wait for an ack count as unread until they are sent, and do not delay a replay', () => {
  const { sendBuffer, exceeded } = sendBufferWith(100)
  sendBuffer.countHeld(800)
  expect(sendBuffer.bytes).toBe(900)
  expect(sendBuffer.writable()).toBeUndefined()
  sendBuffer.countHeld(-800)
  sendBuffer.countHeld(850)
  expect(exceeded).toEqual([])
  sendBuffer.countHeld(100)
  expect(exceeded).toEqual([1050])
})
