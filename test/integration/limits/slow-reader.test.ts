import { expect, test } from 'vitest'
import { connect, enter, type Notice } from '../../support/client.ts'
import { newRoom, startNode } from '../../support/node.ts'

type Raw = { pause(): void }

const numberIn = ({ event, data }: Notice): number[] => {
  const [, number] = (event === 'text' && /^(\d+) x/.exec((data as { message: string }).message)) || []
  return number === undefined ? [] : [Number(number)]
}

test('a client that does not read is disconnected, other clients are not affected, and it can resume and receive what it missed', async () => {
  const node = await startNode({ env: { MAX_BUFFERED_BYTES: 100_000 } })
  const room = newRoom()
  const [alice, slow] = [await enter(node.url, { room }), await enter(node.url, { room, user: 'slow' })]
  const { transport } = slow.socket.io.engine as unknown as { transport: { ws: { _socket: Raw } } }
  transport.ws._socket.pause()
  const isGone = () => node.app.sessions.disconnections.waiting.some(({ id }) => id === slow.id)
  let sent = 0
  while (!isGone() && sent < 20_000) {
    const messages = Array.from({ length: 50 }, (_, index) => `${sent + index} ${'x'.repeat(2000)}`)
    await Promise.all(messages.map((message) => alice.ask('text', { to: slow.id, message })))
    sent += 50
  }
  expect(isGone()).toBe(true)
  const text = await (await fetch(`${node.opsUrl}/metrics`)).text()
  expect(text).toContain('signalbox_refused_total{reason="slow_reader"} 1')
  expect((await alice.request('text', { to: 'all', message: 'after the disconnect' })).status).toBe('ok')

  const back = await connect(node.url)
  await back.relogin({ ticket: slow.ticket, seq: slow.seq })
  const received = [...slow.seen, ...(await back.barrier())].flatMap(numberIn)
  expect(received).toEqual(Array.from({ length: sent }, (_, number) => number))
})

test('the connection of a client that does not read is cut some time after the node has closed it, and its window begins then', async () => {
  const node = await startNode({ env: { MAX_BUFFERED_BYTES: 100_000_000, DRAIN_SECONDS: 0, MESSAGE_BURST: 20_000 } })
  const room = newRoom()
  const [alice, slow] = [await enter(node.url, { room }), await enter(node.url, { room, user: 'slow' })]
  const { transport } = slow.socket.io.engine as unknown as { transport: { ws: { _socket: Raw } } }
  transport.ws._socket.pause()
  const message = 'x'.repeat(2000)
  for (let sent = 0; sent < 10_000; sent += 100) {
    await Promise.all(Array.from({ length: 100 }, () => alice.ask('text', { to: slow.id, message })))
  }
  const lost = () => node.app.sessions.disconnections.waiting.some(({ id }) => id === slow.id)
  await node.app.drain()
  await expect.poll(() => node.app.sessions.disconnections.waiting.length, { timeout: 20_000 }).toBe(2)
  expect(lost()).toBe(true)
  expect(node.app.io.engine.clientsCount).toBe(0)
})
