import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { limitPipelining } from '../../../src/http/pipelining.ts'

const head = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'

/** A server that answers a moment later, as one that has to look something up. */
async function serverThatCounts() {
  let served = 0
  const refused: string[] = []
  const server = createServer((_request: IncomingMessage, response: ServerResponse) => {
    served += 1
    setImmediate(() => response.end('served'))
  })
  limitPipelining(server, (reason) => refused.push(reason))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {})
  onTestFinished(() => void socket.destroy())
  let received = ''
  socket.on('data', (text) => {
    received += text
  })
  const answers = () => received.split('200 OK').length - 1
  return { socket, refused, served: () => served, answers }
}

test('a connection that sends 2000 requests without waiting for responses has eight served, is closed and counted once', async () => {
  const { socket, refused, served } = await serverThatCounts()
  socket.write(head.repeat(2000))
  await once(socket, 'close')
  expect(served()).toBe(8)
  expect(refused).toEqual(['http_pipelining'])
})

test('a connection that waits for its responses is served for as long as it likes, also with a few requests at a time', async () => {
  const { socket, refused, answers } = await serverThatCounts()
  for (let round = 1; round <= 20; round += 1) {
    socket.write(head.repeat(3))
    while (answers() < 3 * round) await once(socket, 'data')
  }
  expect(refused).toEqual([])
})
