import { expect, test } from 'vitest'
import { connectSocket } from '../../../src/client/socket-link.ts'
import { startNode } from '../../support/node.ts'

test('a lost connection still has its url and id', async () => {
  const node = await startNode({ env: { NODE_ID: 'north' } })
  const target = { url: node.url, namespace: '/rooms', auth: {}, transports: ['websocket'], timeoutMs: 5000 }
  const link = await connectSocket(target, new AbortController().signal)
  const { id } = link
  expect(id).toMatch(/^north\./)
  const lost = new Promise((resolve) => link.listen({ event: () => {}, lost: resolve }))
  node.app.io.of('/rooms').sockets.forEach((socket) => {
    socket.conn.close()
  })
  await lost
  expect(link.open).toBe(false)
  expect(link.id).toBe(id)
})
