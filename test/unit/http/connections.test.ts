import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { HttpConnections } from '../../../src/http/connections.ts'

test('a TCP connection beyond the limit is closed and counted; when an open one ends, the next is served', async () => {
  const server = createServer((_request, response) => response.end('served'))
  const refused: string[] = []
  new HttpConnections(server, 1, (reason) => refused.push(reason))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const open = async () => {
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    onTestFinished(() => void socket.destroy())
    await once(socket, 'connect')
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    const answer = await Promise.race([once(socket, 'data'), once(socket, 'close').then(() => ['closed'])])
    return { socket, answer: String(answer[0]) }
  }

  const ended = once(server, 'connection').then(([socket]) => once(socket as Socket, 'close'))
  const first = await open()
  expect(first.answer).toContain('200 OK')
  expect((await open()).answer).toBe('closed')
  expect(refused).toEqual(['tcp_connections'])

  first.socket.end()
  await ended
  expect((await open()).answer).toContain('200 OK')
})
