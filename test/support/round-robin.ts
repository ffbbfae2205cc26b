import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEvery } from './cleanup.ts'

/** `name` is what ids of its connections begin with. */
export type Behind = { url: string; name: string }

export type RoundRobin = { url: string; close: () => Promise<void> }

const running = new Set<RoundRobin>()
afterEvery('file', async () => {
  await Promise.all([...running].map((front) => front.close()))
})

/**
 * The balancer that long-polling fears most: each request goes to the next node, and not to the one that it is for while
 * there is another.  * It is closed after the last test of the file, if not before.
 */
export async function startRoundRobin(nodes: () => readonly Behind[]): Promise<RoundRobin> {
  let turn = 0
  const pick = ({ url = '' }: IncomingMessage) => {
    const sid = new URL(url, 'http://front').searchParams.get('sid') ?? ''
    const foreign = nodes().filter(({ name }) => !sid.startsWith(`${name}.`))
    const some = foreign.length > 0 ? foreign : nodes()
    return some[turn++ % some.length]?.url ?? ''
  }
  const sockets = new Set<Socket>()
  const server = createServer((asked, response) => {
    const { method, headers, url = '' } = asked
    const passed = request(new URL(url, pick(asked)), { method, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
      answer.on('error', () => response.destroy())
    })
    passed.on('error', () => response.destroy())
    response.on('close', () => passed.destroy())
    asked.pipe(passed)
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('upgrade', (asked, socket) => {
    const { hostname, port } = new URL(pick(asked))
    const other = connect(Number(port), hostname)
    const pairs = Object.entries(asked.headers).map(([name, value]) => `${name}: ${value}\r\n`)
    other.write(`GET ${asked.url} HTTP/1.1\r\n${pairs.join('')}\r\n`)
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
