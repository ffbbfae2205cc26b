import { expect, test } from 'vitest'
import { enter } from '../../support/client.ts'
import { newRoom, startNode } from '../../support/node.ts'

type Raw = { pause(): void }

test('a client that does not read is let go, the others go on, and it can come back for what it missed', async () => {
  const node = await startNode({ env: { MAX_BUFFERED_BYTES: 100_000 } })
  const room = newRoom()
  const [alice, slow] = [await enter(node.url, { room }), await enter(node.url, { room, user: 'slow' })]
  const { transport } = slow.socket.io.engine as unknown as { transport: { ws: { _socket: Raw } } }
  transport.ws._socket.pause()
  const gone = expect
    .poll(() => node.app.sessions.absent.waiting.some(({ id }) => id === slow.id), { timeout: 20_000 })
    .toBe(true)
  let said = 0
  const { absent } = node.app.sessions
  while (!absent.waiting.some(({ id }) => id === slow.id) && said < 20_000) {
    await Promise.all(
      Array.from({ length: 50 }, () => alice.request('text', { to: slow.id, message: 'x'.repeat(2000) })),
    )
    said += 50
  }
  await gone
  const text = await (await fetch(`${node.opsUrl}/metrics`)).text()
  expect(text).toContain('signalbox_refused_total{reason="slow_reader"} 1')
  expect((await alice.request('text', { to: 'all', message: 'still here' })).status).toBe('ok')
})
