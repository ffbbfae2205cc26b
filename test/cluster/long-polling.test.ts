import { io } from 'socket.io-client'
import { afterEach, expect, test } from 'vitest'
import { enter, loginInfo } from '../support/client.ts'
import { newRoom } from '../support/node.ts'
import { expectUnharmed, startProcess } from '../support/process.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'
import { type Backend, startRoundRobin } from '../support/round-robin.ts'
import { until } from '../support/until.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

/** A plain socket.io-client that reconnects by itself, and resumes after it has reconnected. */
class ReconnectingClient {
  readonly received: number[] = []
  resumes = 0
  readonly #socket
  #ticket = ''
  #seq = 0

  constructor(url: string, transports: string[]) {
    this.#socket = io(url, { transports, forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 500 })
    cleanups.push(() => this.#socket.disconnect())
    this.#socket.on('text', ({ message }: { message: string }, meta: { seq: number }) => {
      this.received.push(Number(message))
      this.#seq = meta.seq
    })
  }

  /** The name of its node, with which the id of its connection begins. */
  get nodeName(): string | undefined {
    return this.#socket.io.engine?.id?.split('.')[0]
  }

  get transport(): string {
    return this.#socket.io.engine.transport.name
  }

  async login(room: string): Promise<void> {
    const [status, joined] = await new Promise<[string, { reconnectionTicket: string; seq: number }]>((resolve) =>
      this.#socket.emit('login', loginInfo({ room }), (...answer: [string, never]) => resolve(answer)),
    )
    expect(status).toBe('ok')
    this.#ticket = joined.reconnectionTicket
    this.#seq = joined.seq
    this.#socket.on('connect', () => this.#relogin())
  }

  #relogin(): void {
    const payload = { ticket: this.#ticket, seq: this.#seq }
    this.#socket.emit('relogin', payload, (status: string, data: { ticket: string; complete: boolean }) => {
      if (status !== 'ok' || !data.complete) return
      this.#ticket = data.ticket
      this.resumes += 1
    })
  }
}

test('long-polling clients resume after their node is killed, and after the node that forwards them is killed', {
  timeout: 90_000,
}, async () => {
  const shared = { redisUrl: redisUrl(), prefix: randomPrefix() }
  const start = async (name: string) => {
    const node = await startProcess({ ...shared, env: { NODE_ID: name, RECONNECT_WINDOW: 20 } })
    return { ...node, name }
  }
  const [a, b, last] = await Promise.all(['a', 'b', 'last'].map(start))
  if (!a || !b || !last) throw new Error('No node')
  let alive: Backend[] = [a, b, last]
  const room = newRoom()
  const bob = await enter(last.url, { room })
  const connectClient = async (...transports: string[]) => {
    const front = await startRoundRobin(() => alive)
    const client = new ReconnectingClient(front.url, transports)
    await client.login(room)
    return client
  }
  const clients = [await connectClient('polling'), await connectClient('polling', 'websocket')]
  const [polling, upgraded] = clients
  await until(async () => upgraded?.transport === 'websocket')
  expect(clients.map(({ nodeName }) => nodeName)).toEqual(['a', 'a'])
  expect(polling?.transport).toBe('polling')

  let sent = 0
  const sendMore = async () => {
    for (let count = 0; count < 30; count += 1) await bob.ask('text', { to: 'all', message: String(++sent) })
  }
  await sendMore()
  for (const victim of [a, b]) {
    void sendMore()
    alive = alive.filter(({ name }) => name !== victim.name)
    victim.kill('SIGKILL')
    // the killed node's own clients have to resume; clients whose requests it forwarded need not
    await until(async () =>
      clients.every(({ nodeName, received }) => nodeName !== victim.name && received.length >= sent),
    )
    await sendMore()
  }
  await until(async () => clients.every(({ received }) => received.length >= sent))
  for (const { received } of clients) expect(received).toEqual(Array.from({ length: sent }, (_, index) => index + 1))
  expect(clients.map(({ nodeName }) => nodeName)).toEqual(['last', 'last'])
  for (const { resumes } of clients) expect(resumes).toBeGreaterThan(0)
  await expectUnharmed([last])
})
