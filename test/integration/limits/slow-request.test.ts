import { connect } from 'node:net'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createHttp } from '../../../src/http/server.ts'
import { startNode } from '../../support/node.ts'

/** Incomplete requests to a route that would read them. */
const requests: [string, string][] = [
  ['nothing', ''],
  ['half of the headers', 'GET / HTTP/1.1\r\nHost: x\r\n'],
  [
    'half of a body',
    'POST /tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
  ],
]

/** Sends the bytes. `closed` resolves to the whole answer. */
async function send(port: number, text: string): Promise<{ closed: Promise<string> }> {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  let answer = ''
  socket.on('data', (data) => {
    answer += data
  })
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(answer)))
  await new Promise((resolve) => socket.write(text || '\r\n', resolve))
  return { closed }
}

describe('the node does not wait for a slow client', () => {
  test.each(requests)('that sends %s: it answers 408', async (_name, text) => {
    const reasons: string[] = []
    const app = createHttp({
      logger: pino({ level: 'silent' }),
      corsOrigins: [],
      refused: (reason) => reasons.push(reason),
      // each request exceeds only one of the timeouts in time
      timeouts: { headersMs: 50, requestMs: text.includes('\r\n\r\n') ? 100 : 60_000, checkIntervalMs: 20 },
    })
    onTestFinished(() => app.close())
    app.post('/tokens', async () => 'read')
    const port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)
    const { closed } = await send(port, text)
    expect(await closed).toMatch(/^HTTP\/1\.1 408 /)
    await app.close() // waits for the handlers of the connection’s end
    expect(reasons).toEqual(['http_408'])
  })

  test('for longer than 10 s for the headers and 30 s for the request', async () => {
    const { app } = await startNode()
    for (const { server } of [app.http, app.ops]) {
      expect(server).toMatchObject({ headersTimeout: 10_000, requestTimeout: 30_000 })
    }
  })
})

test('a node that closes does not wait for slow requests', async () => {
  const node = await startNode()
  const port = Number(new URL(node.url).port)
  const sent = await Promise.all(requests.map(([, text]) => send(port, text)))
  await fetch(`${node.url}/healthz`) // after its answer the node has read all of them
  await node.close()
  expect(await Promise.all(sent.map(({ closed }) => closed))).toHaveLength(requests.length)
})

test('an upgrade at another path is refused at once, whether or not its client closes its side', async () => {
  const node = await startNode()
  const port = Number(new URL(node.url).port)
  const { closed } = await send(
    port,
    'GET /elsewhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  )
  expect(await closed).toMatch(/^HTTP\/1\.1 404 /)
  expect(node.logs.lines.filter(({ reason }) => reason === 'bad_handshake').length).toBe(1)
})
