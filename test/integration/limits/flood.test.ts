import { expect, test } from 'vitest'
import { enter } from '../../support/client.ts'
import { newRoom, startNode, type TestNode } from '../../support/node.ts'

type WebSocketTransport = object & { socket: { isPaused: boolean } }

/** Whether the node reads from its only client. */
function reads({ app }: TestNode): boolean {
  const [client] = app.io.of('/').sockets.values()
  return (client?.conn.transport as WebSocketTransport | undefined)?.socket.isPaused === false
}

test.each([
  ['far more messages than its rate permits', 1200, 1],
  ['more bytes than its rate permits', 12, 60_000],
])('a client that sends %s is read slower, and every request is answered', async (_what, count, length) => {
  const node = await startNode({ env: { MESSAGES_PER_SECOND: 20, MESSAGE_BURST: 10, MAX_MESSAGE_BYTES: 10_000 } })
  const ann = await enter(node.url, { room: newRoom() })
  expect(reads(node)).toBe(true)
  const message = 'x'.repeat(length)
  const answers = Array.from({ length: count }, () => ann.request('text', { to: 'all', message }))
  await expect.poll(() => reads(node), { timeout: 20_000 }).toBe(false)
  const refused = (await Promise.all(answers)).filter(({ status }) => status === 'error')
  expect(refused.length).toBeGreaterThan(count / 2)
  await expect.poll(() => reads(node), { timeout: 20_000 }).toBe(true)
})
