import { writeToken } from '../../src/core/auth/tokens.ts'
import { quantile } from '../harness/statistics.ts'
import { secret } from '../servers.ts'
import { BenchClient, type ClientEvents } from './client.ts'
import type { Arrivals, Audience } from './commands.ts'

export type Member = {
  client: BenchClient
  /** The payload of its login, as JSON. */
  login: string
  server: number
  /** Empty before its login. */
  id: string
  /** Empty on a peer. */
  ticket: string
  /** That of its login. */
  seq: number
}

type LoginReply = { id: string; reconnectionTicket?: string; seq?: number }

const maxAttempts = 50
const retryMs = 100
const tokenLifetimeMs = 30 * 60_000

/** The clients of the load generator. */
export class ClientPool {
  readonly members: Member[] = []
  events: ClientEvents = { event: () => {}, ack: () => {} }
  /** So that a client always calls the newest events. */
  readonly #events: ClientEvents = {
    event: (client, frame) => this.events.event(client, frame),
    ack: (accepted) => this.events.ack(accepted),
  }

  /** Opens connections without a login. */
  connect(audience: Audience): Promise<Arrivals> {
    return this.#add(audience, async () => {})
  }

  /** Logs in on the connections that have no login. */
  login({ atOnce }: Audience): Promise<Arrivals> {
    const waiting = this.members.filter(({ id }) => id === '')
    return arrive(waiting, atOnce, logIn)
  }

  enter(audience: Audience): Promise<Arrivals> {
    return this.#add(audience, logIn)
  }

  cut(every: number): void {
    for (const { client } of this.#each(every)) client.cut()
  }

  resume(audience: Audience, { moves, every }: { moves: boolean; every: number }): Promise<Arrivals> {
    return arrive(this.#each(every), audience.atOnce, async (member, index) => {
      member.server = (index + (moves ? 1 : 0)) % audience.urls.length
      member.seq = member.client.lastSeq ?? member.seq
      member.client.cut()
      member.client = await this.#open(audience, member.server)
      if (audience.durable) await relogIn(member, audience.namesSeq)
      else await logIn(member)
    })
  }

  close(): void {
    for (const { client } of this.members.splice(0)) client.cut()
    this.events = { event: () => {}, ack: () => {} }
  }

  #add(audience: Audience, begin: (member: Member) => Promise<void>): Promise<Arrivals> {
    const first = this.members.length
    // before the first arrival, so that signing tokens takes no time of a login
    const logins = Array.from({ length: audience.clients }, (_, index) => loginOf(audience, first + index))
    return arrive(logins, audience.atOnce, async (login, index) => {
      const number = first + index
      const server = number % audience.urls.length
      const client = await this.#open(audience, server)
      const member = { client, login, server, id: '', ticket: '', seq: 0 }
      this.members[number] = member
      await begin(member)
    })
  }

  #each(every: number): Member[] {
    return this.members.filter((_, index) => index % every === 0)
  }

  async #open({ urls, namesSeq }: Audience, server: number): Promise<BenchClient> {
    const client = new BenchClient(urls[server] as string, namesSeq ? { seq: true } : {}, this.#events)
    try {
      await client.connect()
      return client
    } catch (error) {
      client.cut()
      throw error
    }
  }
}

/** The payload of a client's login, as JSON. A peer needs no token. */
function loginOf({ members, durable }: Audience, index: number): string {
  const [room, user] = [`bench-${Math.floor(index / members)}`, `u${index}`]
  if (!durable) return JSON.stringify({ room, user })
  const claims = { room, user, role: 'presenter' }
  const token = writeToken([secret], claims, { host: 'localhost', secure: false }, Date.now() + tokenLifetimeMs)
  return JSON.stringify({ token, userAgent: { sdk: { type: 'JavaScript', version: '5.1' } }, protocol: '1.2' })
}

async function logIn(member: Member): Promise<void> {
  const reply = (await member.client.request('login', member.login)) as LoginReply
  member.id = reply.id
  member.ticket = reply.reconnectionTicket ?? ''
  member.seq = reply.seq ?? 0
}

async function relogIn(member: Member, namesSeq: boolean): Promise<void> {
  const { client, ticket, seq } = member
  const reply = await client.request('relogin', JSON.stringify(namesSeq ? { ticket, seq } : ticket))
  member.ticket = namesSeq ? (reply as { ticket: string }).ticket : String(reply)
}

/** Lets `atOnce` arrive at the same time. An arrival that fails is repeated after a pause, and its time goes on. */
async function arrive<T>(
  items: T[],
  atOnce: number,
  act: (item: T, index: number) => Promise<void>,
): Promise<Arrivals> {
  const times: number[] = []
  const started = performance.now()
  let retries = 0
  let next = 0
  const work = async () => {
    while (next < items.length) {
      const index = next
      next += 1
      const begun = performance.now()
      for (let attempt = 1; ; attempt += 1) {
        const failure = await act(items[index] as T, index).then(
          () => undefined,
          (error: Error) => error,
        )
        if (!failure) break
        if (attempt === maxAttempts) throw failure
        retries += 1
        await new Promise((resolve) => setTimeout(resolve, retryMs))
      }
      times.push(performance.now() - begun)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work))
  const seconds = (performance.now() - started) / 1000
  return { seconds, p50: quantile(times, 0.5), p99: quantile(times, 0.99), retries }
}
