import { request } from 'node:http'
import { connect as connectTcp } from 'node:net'
import { describe, expect, test } from 'vitest'
import { Throttle } from '../../../src/core/auth/attempt-throttle.ts'
import { type Client, connect, enter, loginInfo } from '../../support/client.ts'
import { caller, managementKeys } from '../../support/management-caller.ts'
import { type LogLine, lose, newRoom, startNode, type TestNode, tokenFor } from '../../support/node.ts'
import { until } from '../../support/until.ts'
import { BareClient } from '../bare-client.ts'

/** Every limit: what the client receives, and that the node counts and logs the refusal. */

type Env = { [option: string]: string | number }
type Case = {
  reason: string
  what: string
  env?: Env
  /** Exceeds the limit and checks what the client receives. */
  provoke: (node: TestNode) => Promise<void>
  throttle?: Throttle
}

const text = { to: 'all', message: 'x' }
const refusedBy = (client: Promise<Client>) => expect(client).rejects.toThrow()
const code = async (client: Client, event: string, ...args: unknown[]) => (await client.request(event, ...args)).code

const cases: Case[] = [
  {
    reason: 'too_large',
    what: 'a message',
    provoke: async (node) => {
      const ann = await enter(node.url, { room: newRoom() })
      expect(await code(ann, 'text', { to: 'all', message: 'x'.repeat(70_000) })).toBe('too_large')
    },
  },
  {
    reason: 'frame_too_large',
    what: 'a WebSocket frame',
    provoke: async (node) => {
      const bare = await BareClient.connect(node.url)
      bare.send(`42["text","${'x'.repeat(5 * 1024 * 1024)}"]`)
      await bare.closed
    },
  },
  {
    reason: 'bad_packet',
    what: 'bytes that are no packet',
    provoke: async (node) => {
      const bare = await BareClient.connect(node.url)
      bare.send('4garbage')
      await bare.closed
    },
  },
  {
    reason: 'frame_too_large',
    what: 'a POST of long-polling',
    provoke: async ({ url }) => {
      const polling = `${url}/socket.io/?EIO=4&transport=polling`
      const { sid } = JSON.parse((await (await fetch(polling)).text()).slice(1))
      const body = `42["text","${'x'.repeat(5 * 1024 * 1024)}"]`
      const status = await new Promise((resolve, reject) => {
        const posting = request(`${polling}&sid=${sid}`, { method: 'POST' }, ({ statusCode }) => resolve(statusCode))
        posting.on('error', reject).end(body)
      })
      expect(status).toBe(413)
    },
  },
  {
    reason: 'bad_packet',
    what: 'a packet at the wrong time',
    provoke: async (node) => {
      const bare = await BareClient.connect(node.url)
      bare.send('40')
      await bare.closed
    },
  },
  {
    reason: 'bad_handshake',
    what: 'a handshake that is none',
    provoke: async ({ url }) => {
      expect((await fetch(`${url}/socket.io/?EIO=4&transport=carrier-pigeon`)).status).toBe(400)
    },
  },
  {
    reason: 'too_many_requests',
    what: 'messages',
    env: { MESSAGES_PER_SECOND: 1, MESSAGE_BURST: 5 },
    provoke: async (node) => {
      const ann = await enter(node.url, { room: newRoom() })
      const codes = await Promise.all(Array.from({ length: 10 }, () => code(ann, 'text', text)))
      expect(codes.at(-1)).toBe('too_many_requests')
    },
  },
  {
    reason: 'too_many_requests',
    what: 'coming to a namespace again and again',
    env: { MESSAGES_PER_SECOND: 1, MESSAGE_BURST: 3 },
    provoke: async (node) => {
      const bare = await BareClient.connect(node.url)
      for (let times = 1; times <= 5; times += 1) {
        bare.send('40/rooms,')
        await until(async () => bare.frames.filter((frame) => /^4[04]\/rooms,/.test(frame)).length === times)
        if (times === 5) break
        bare.send('41/rooms,')
        await until(async () => node.logs.lines.filter(({ msg }) => msg === 'disconnected').length === times)
      }
      expect(await bare.frame(/^44\/rooms,/)).toContain('too_many_requests')
      await bare.terminate()
    },
  },
  {
    reason: 'connections',
    what: 'connections in all',
    env: { MAX_CONNECTIONS: 1 },
    provoke: async ({ url }) => {
      await connect(url)
      await refusedBy(connect(url))
    },
  },
  {
    reason: 'connections_per_ip',
    what: 'connections of one address',
    env: { CONNECTIONS_PER_IP: 1 },
    provoke: async ({ url }) => {
      await connect(url)
      await refusedBy(connect(url))
    },
  },
  {
    reason: 'origin',
    what: 'a page from elsewhere',
    env: { CORS_ORIGINS: 'https://app.example' },
    provoke: ({ url }) => refusedBy(connect(url, { extraHeaders: { Origin: 'https://evil.example' } })),
  },
  {
    reason: 'draining',
    what: 'who comes while the node goes',
    env: { DRAIN_SECONDS: 0 },
    provoke: async ({ url, app }) => {
      await app.drain()
      await refusedBy(connect(url))
    },
  },
  {
    reason: 'slow_reader',
    what: 'who does not read',
    env: { MAX_BUFFERED_BYTES: 100_000 },
    provoke: (node) => notReading(node),
  },
  {
    reason: 'slow_reader',
    what: 'who reads slowest, when all together are too slow',
    env: { MAX_BUFFERED_BYTES_TOTAL: 100_000 },
    provoke: (node) => notReading(node),
  },
  {
    reason: 'log_trimmed',
    what: 'what is not in the log any more',
    env: { ROOM_LOG_ENTRIES: 100 },
    provoke: async (node) => {
      const room = newRoom()
      const [ann, bob] = [await enter(node.url, { room }), await enter(node.url, { room })]
      await lose(node, ann)
      for (let n = 0; n < 4; n += 1) {
        await Promise.all(Array.from({ length: 100 }, () => bob.ask('text', { to: 'all', message: 'x' })))
      }
      const back = await connect(node.url)
      expect(await back.relogin({ ticket: ann.ticket, seq: ann.seq })).toMatchObject({ complete: false })
    },
  },
  {
    reason: 'too_many_rooms',
    what: 'rooms',
    env: { MAX_ROOMS: 1 },
    provoke: async ({ url }) => {
      await enter(url, { room: newRoom() })
      expect(await code(await connect(url), 'login', loginInfo({ room: newRoom() }))).toBe('too_many_rooms')
    },
  },
  {
    reason: 'room_full',
    what: 'participants of a room',
    env: { MAX_PARTICIPANTS: 1 },
    provoke: async ({ url }) => {
      const room = newRoom()
      await enter(url, { room })
      expect(await code(await connect(url), 'login', loginInfo({ room }))).toBe('room_full')
    },
  },
  {
    reason: 'too_many_early',
    what: 'requests before a login',
    provoke: async ({ url }) => {
      const client = await connect(url)
      for (let n = 0; n < 100; n += 1) client.socket.emit('text', text)
      expect(await code(client, 'text', text)).toBe('illegal_request')
    },
  },
  {
    reason: 'throttled',
    what: 'guesses',
    throttle: new Throttle(0),
    provoke: async ({ url }) => {
      expect(await code(await connect(url), 'relogin', 'garbage')).toBe('bad_ticket')
    },
  },
  {
    reason: 'throttled',
    what: 'guesses at the door of a dialect without a login',
    env: { ANONYMOUS_DIALECTS: 'none' },
    throttle: new Throttle(0),
    provoke: ({ url }) => refusedBy(connect(url, { namespace: '/rooms', auth: { token: 'garbage' } })),
  },
  {
    reason: 'token_signature',
    what: 'a token of somebody else',
    env: { ANONYMOUS_DIALECTS: 'none' },
    provoke: ({ url }) => {
      const token = tokenFor({ room: 'r' }, { secret: 'a key that no node of a test knows of' })
      return refusedBy(connect(url, { namespace: '/exchanger', auth: { token, login: true } }))
    },
  },
  {
    reason: 'http_401',
    what: 'a management key that is none',
    provoke: async ({ url }) => {
      const answer = await caller(url)('GET', '/v1/rooms', { headers: { authorization: 'Bearer guess' } })
      expect(answer.status).toBe(401)
    },
  },
  {
    reason: 'http_429',
    what: 'guesses of a management key',
    throttle: new Throttle(0),
    provoke: async ({ url }) => {
      const answer = await caller(url)('GET', '/v1/rooms', { headers: { authorization: 'Bearer guess' } })
      expect(answer.status).toBe(429)
    },
  },
  {
    reason: 'http_413',
    what: 'a body',
    provoke: async ({ url }) => {
      expect((await caller(url)('POST', '/v1/announcements', { raw: 'x'.repeat(70_000) })).status).toBe(413)
    },
  },
  {
    reason: 'http_431',
    what: 'headers',
    provoke: async ({ url }) => {
      const response = await new Promise<number | undefined>((resolve, reject) => {
        const posting = request(url, { headers: { padding: 'x'.repeat(20_000) } }, ({ statusCode }) =>
          resolve(statusCode),
        )
        posting.on('error', reject).end()
      })
      expect(response).toBe(431)
    },
  },
  {
    reason: 'http_400',
    what: 'bytes that are no HTTP',
    provoke: async ({ url }) => {
      const socket = connectTcp(Number(new URL(url).port), '127.0.0.1')
      socket.write('GARBAGE\r\n\r\n')
      const answer = await new Promise((resolve) => socket.once('data', (data) => resolve(String(data))))
      expect(answer).toMatch(/^HTTP\/1\.1 400 /)
      socket.destroy()
    },
  },
]

describe('a refusal is counted and logged with its reason', () => {
  test.each(cases.map((one) => [one.reason, one.what, one] as const))('%s: %s', async (reason, _what, one) => {
    const { env = {}, throttle, provoke } = one
    const node = await startNode({
      env: { MANAGEMENT_KEYS: managementKeys, ...env },
      ...(throttle ? { parts: { throttle } } : {}),
    })
    await provoke(node)
    await until(async () => (await counted(node, reason)) > 0)
    const lines = node.logs.lines.filter((line) => line.reason === reason)
    expect(lines.length).toBeGreaterThan(0)
    expect(lines[0]).toMatchObject({ level: 30, msg: expect.any(String) } satisfies Partial<LogLine>)
    await node.close()
  })
})

async function counted({ opsUrl }: TestNode, reason: string): Promise<number> {
  const text = await (await fetch(`${opsUrl}/metrics`)).text()
  return Number(new RegExp(`^signalbox_refused_total{reason="${reason}"} (\\d+)`, 'm').exec(text)?.[1] ?? 0)
}

/** Sends texts to a client whose socket is not read, until the node disconnects that client. */
async function notReading(node: TestNode): Promise<void> {
  const room = newRoom()
  const [ann, slow] = [await enter(node.url, { room }), await enter(node.url, { room })]
  const { transport } = slow.socket.io.engine as unknown as { transport: { ws: { _socket: { pause(): void } } } }
  transport.ws._socket.pause()
  const isGone = () => node.app.sessions.disconnections.waiting.some(({ id }) => id === slow.id)
  for (let sent = 0; sent < 20_000 && !isGone(); sent += 50) {
    await Promise.all(Array.from({ length: 50 }, () => ann.ask('text', { to: slow.id, message: 'x'.repeat(2000) })))
  }
  expect(isGone()).toBe(true)
}
