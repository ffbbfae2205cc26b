import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { enter } from '../../support/client.ts'
import { newRoom, startNode, type TestNode } from '../../support/node.ts'
import { until } from '../../support/until.ts'

/** Many clients of a suspended node: the node that forwards holds the bytes that they send. */

const mebibyte = 1024 * 1024
const clients = 100
/** The id of the suspended node in the registry. */
const frozen = 'frozen.0a1b2c3d'

let frozenNode: Server
let node: TestNode
const frozenEnds: Socket[] = []
beforeAll(async () => {
  // accepts the head of an upgrade and reads no more
  frozenNode = createServer((socket) => {
    frozenEnds.push(socket.on('error', () => {}))
    socket.once('data', (head) => {
      socket.pause()
      if (/^upgrade:/im.test(String(head))) {
        const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket', '', '']
        socket.write(lines.join('\r\n'))
      }
    })
  }).listen(0, '127.0.0.1')
  await once(frozenNode, 'listening')
  node = await startNode({ redis: true, env: { MAX_BUFFERED_BYTES_TOTAL: 2 * mebibyte } })
  const url = `http://127.0.0.1:${(frozenNode.address() as AddressInfo).port}`
  await node.app.store.nodes.heartbeat({ id: frozen, url, version: '', connections: 0 })
})
afterAll(() => {
  for (const socket of frozenEnds) socket.destroy()
  frozenNode.close()
})

const reasons = () => node.logs.lines.flatMap(({ msg, reason }) => (msg === 'disconnected' ? [] : (reason ?? [])))

function send(head: string[]): Socket {
  const socket = connect(Number(new URL(node.url).port), '127.0.0.1').on('error', () => {})
  onTestFinished(() => void socket.destroy())
  socket.write([...head, 'Host: x', '', ''].join('\r\n'))
  socket.write(Buffer.alloc(4 * mebibyte, 'x'))
  return socket
}

test.each([
  ['POSTs', 'polling', ['Content-Type: text/plain', `Content-Length: ${4 * mebibyte}`]],
  [
    'WebSockets',
    'websocket',
    [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ],
  ],
])('%s for a suspended node count in the budget of the node that forwards them', async (_name, kind, headers) => {
  node.logs.lines.length = 0
  const method = kind === 'polling' ? 'POST' : 'GET'
  const path = (n: number) => `/socket.io/?EIO=4&transport=${kind}&sid=${frozen}${String(n).padStart(12, '0')}`
  const sockets = Array.from({ length: clients }, (_, n) => send([`${method} ${path(n)} HTTP/1.1`, ...headers]))
  const closed = () => sockets.filter((socket) => socket.destroyed || socket.closed).length
  await until(async () => reasons().includes('node_memory') && closed() > 0)
  expect(closed()).toBeLessThan(clients)
  const ann = await enter(node.url, { room: newRoom() })
  await ann.ask('text', { to: 'all', message: 'not harmed' })
})
