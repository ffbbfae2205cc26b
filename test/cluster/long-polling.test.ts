import { io } from 'socket.io-client'
import { afterEach, expect, test } from 'vitest'
import { enter, loginInfo } from '../support/client.ts'
import { newRoom } from '../support/node.ts'
import { expectUnharmed, startProcess } from '../support/process.ts'
import { randomPrefix, redisUrl, until } from '../support/redis.ts'
import { type Backend, startRoundRobin } from '../support/round-robin.ts'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

/** What socket.io-client does by itself when its connection is lost, and relogin: nothing else. */
class Listener {
  readonly heard: number[] = []
  returns = 0
  readonly #socket
  #ticket = ''
  #seq = 0

  constructor(url: string, transports: string[]) {
    this.#socket = io(url, { transports, forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 500 })
    ends.push(() => this.#socket.disconnect())
    this.#socket.on('text', ({ message }: { message: string }, meta: { seq: number }) => {
      this.heard.push(Number(message))
      this.#seq = meta.seq
    })
  }

  /** The name of its node: ids begin with it. */
  get on(): string | undefined {
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
    const asked = { ticket: this.#ticket, seq: this.#seq }
    this.#socket.emit('relogin', asked, (status: string, data: { ticket: string; complete: boolean }) => {
      if (status !== 'ok' || !data.complete) return
      this.#ticket = data.ticket
      this.returns += 1
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
  const listen = async (...transports: string[]) => {
    const front = await startRoundRobin(() => alive)
    const listener = new Listener(front.url, transports)
    await listener.login(room)
    return listener
  }
  const listeners = [await listen('polling'), await listen('polling', 'websocket')]
  const [polling, upgraded] = listeners
  await until(async () => upgraded?.transport === 'websocket')
  expect(listeners.map(({ on }) => on)).toEqual(['a', 'a'])
  expect(polling?.transport).toBe('polling')

  let said = 0
  const more = async () => {
    for (let count = 0; count < 30; count += 1) await bob.ask('text', { to: 'all', message: String(++said) })
  }
  await more()
  for (const victim of [a, b]) {
    void more()
    alive = alive.filter(({ name }) => name !== victim.name)
    victim.kill('SIGKILL')
    // those of a killed node have to come back; those whose requests went through it need not, between two of these
    await until(async () => listeners.every(({ on, heard }) => on !== victim.name && heard.length >= said))
    await more()
  }
  await until(async () => listeners.every(({ heard }) => heard.length >= said))
  for (const { heard } of listeners) expect(heard).toEqual(Array.from({ length: said }, (_, index) => index + 1))
  expect(listeners.map(({ on }) => on)).toEqual(['last', 'last'])
  for (const { returns } of listeners) expect(returns).toBeGreaterThan(0)
  await expectUnharmed([last])
})
