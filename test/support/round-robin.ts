import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEvery } from './cleanup.ts'

/** A node. The ids of its connections begin with `name`. */
export type Backend = { url: string; name: string }

export type RoundRobin = { url: string; close: () => Promise<void> }

const running = new Set<RoundRobin>()
afterEvery('file', async () => {
  await Promise.all([...running].map((front) => front.close()))
})

/**
 * A load balancer without session affinity: each request goes to the next node, and never to the node of its connection while
 * there is another one. It is closed after the last test of the file, if not before.
 */
export async function startRoundRobin(nodes: () => readonly Backend[]): Promise<RoundRobin> {
  let requests = 0
  const pick = ({ url = '' }: IncomingMessage) => {
    const sid = new URL(url, 'http://front').searchParams.get('sid') ?? ''
    const others = nodes().filter(({ name }) => !sid.startsWith(`${name}.`))
    const some = others.length > 0 ? others : nodes()
    return some[requests++ % some.length]?.url ?? ''
  }
  const sockets = new Set<Socket>()
  const server = createServer((incoming, response) => {
    const { method, headers, url = '' } = incoming
    const forwarded = request(new URL(url, pick(incoming)), { method, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
      answer.on('error', () => response.destroy())
    })
    forwarded.on('error', () => response.destroy())
    response.on('close', () => forwarded.destroy())
    incoming.pipe(forwarded)
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('upgrade', (incoming, socket) => {
    const { hostname, port } = new URL(pick(incoming))
    const other = connect(Number(port), hostname)
    const pairs = Object.entries(incoming.headers).map(([name, value]) => `${name}: ${value}\r\n`)
    other.write(`GET ${incoming.url} HTTP/1.1\r\n${pairs.join('')}\r\n`)
    other.pipe(socket).pipe(other)
    for (const [one, its] of [
      [socket, other],
      [other, socket],
    ] as const) {
      one.on('error', () => {})
      one.once('close', () => its.destroy())
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const front: RoundRobin = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      running.delete(front)
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  running.add(front)
  return front
}
