import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { HttpConnections } from '../../../src/http/connections.ts'

const head = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
const longerThanGraceMs = 1500

afterEach(() => void vi.useRealTimers())

/** A server that answers at once, except `/later`. The test sets the clock of the limits. */
async function serverWith(max: number) {
  vi.useFakeTimers({ toFake: ['performance'] })
  const later: ServerResponse[] = []
  const server = createServer((request, response) => {
    if (request.url === '/later') later.push(response)
    else response.end('served')
  })
  server.on('upgrade', (_request, socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'))
  const refused: string[] = []
  const connections = new HttpConnections(server, max, (reason) => refused.push(reason))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    connections.cut()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const open = async () => {
    const accepted = once(server, 'connection')
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    onTestFinished(() => void socket.destroy())
    await accepted
    return socket
  }
  return { server, refused, later, open }
}

/** The answer on a connection, or `closed`. */
async function ask(socket: Socket, text: string): Promise<string> {
  socket.write(text)
  const answer = await Promise.race([once(socket, 'data'), once(socket, 'close').then(() => ['closed'])])
  return String(answer[0])
}

test('when every TCP connection serves a request, a further one is closed and counted; when one ends, the next is served', async () => {
  const { server, refused, later, open } = await serverWith(1)
  const first = await open()
  const received = once(server, 'request')
  const closed = once(first, 'close')
  first.write(head('/later'))
  await received
  expect(await ask(await open(), head('/'))).toBe('closed')
  expect(refused).toEqual(['tcp_connections'])
  later[0]?.end()
  first.resume().end()
  await closed
  expect(await ask(await open(), head('/'))).toContain('200 OK')
})

test('at the limit a new TCP connection takes the place of the one that waits longest for a request', async () => {
  const { refused, open } = await serverWith(3)
  const [idle, silent, upgraded] = [await open(), await open(), await open()]
  expect(await ask(idle, head('/'))).toContain('200 OK')
  expect(await ask(upgraded, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: y\r\n\r\n')).toContain('101')
  vi.advanceTimersByTime(longerThanGraceMs)
  const closings = [once(silent, 'close'), once(idle, 'close')]
  for (const closing of closings) {
    expect(await ask(await open(), head('/'))).toContain('200 OK')
    await closing
  }
  expect(refused).toEqual(['tcp_connections', 'tcp_connections'])
  expect(upgraded.destroyed).toBe(false)
})

test('a TCP connection that sends many requests without waiting for answers is closed, and few of them are served', async () => {
  const { refused, later, open } = await serverWith(10)
  expect(await ask(await open(), head('/later').repeat(1000))).toBe('closed')
  expect(refused).toEqual(['pipelined_requests'])
  expect(later).toHaveLength(8)
  expect(await ask(await open(), head('/').repeat(8))).toContain('200 OK')
})

test('of the TCP connections that have sent no complete head, the oldest beyond a thousand is closed, but not at once', async () => {
  const { refused, open } = await serverWith(10_000)
  const served = await open()
  expect(await ask(served, head('/'))).toContain('200 OK')
  const unfinished: Socket[] = []
  for (let n = 0; n < 1010; n += 1) {
    const socket = await open()
    socket.write('GET / HTTP/1.1\r\n')
    unfinished.push(socket)
  }
  expect(refused).toEqual([])
  vi.advanceTimersByTime(longerThanGraceMs)
  const [oldest] = unfinished
  const closed = once(oldest as Socket, 'close')
  expect(await ask(await open(), head('/'))).toContain('200 OK')
  await closed
  expect(refused).toEqual(['no_request'])
  expect(served.destroyed).toBe(false)
})
