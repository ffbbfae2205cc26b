import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client'
import type { Static, TSchema, TString } from 'typebox'
import { newId } from '../../src/core/ids.ts'
import type { portal, portalLegacy } from '../../src/protocol/portal.ts'
import type { Meta } from '../../src/protocol/session.ts'
import { afterEvery } from './cleanup.ts'
import { tokenFor } from './node.ts'

/** Longer than a node holds a request that waits for a login. */
const responseTimeoutMs = 15_000

type Tables = typeof portal & typeof portalLegacy
/** The requests as tests send them: the refresh without TURN credentials. */
type Requests = Omit<Tables, 'refreshReconnectionTicket'> & { refreshReconnectionTicket: { reply: TString } }
type Payload<R> = R extends { payload: infer P extends TSchema } ? [data: Static<P>] : []
type Reply<R> = R extends { reply: infer P extends TSchema } ? Static<P> : undefined

/** One notification: its first argument, further arguments if any, and the meta at their end. */
export type Notice = { event: string; data: unknown; more?: unknown[]; meta: Meta | undefined }

/** `('ok', data)` or `('error', message, { code })`. */
export type Answer = { status: string; data?: unknown; error?: unknown; code?: unknown }

export const ok = (data?: unknown): Answer => ({ status: 'ok', data })
export const refusal = (error: string, code: string): Answer => ({ status: 'error', error, code })

export type Protocol = 'legacy' | '1.0' | '1.1' | '1.2'
export type LoginOptions = { room: string; user?: string; role?: string; protocol?: Protocol; token?: string }

export type Participant = { id: string; user: string; role: string }
export type StreamInfo = { id: string; [field: string]: unknown }

/** The ack of a login in protocol 1.x. */
export type JoinResult = Participant & {
  permission: unknown
  room: { id: string; views: string[]; participants: Participant[]; streams: StreamInfo[] }
  reconnectionTicket: string
  seq: number
}

const openClients = new Set<Client>()
afterEvery('test', () => {
  for (const client of openClients) client.socket.disconnect()
  openClients.clear()
})

export type ConnectOptions = Partial<ManagerOptions & SocketOptions> & { namespace?: string }

/** Connects a client that does not reconnect by itself. It is disconnected after the test. */
export async function connect(url: string, { namespace = '/', ...options }: ConnectOptions = {}): Promise<Client> {
  const settings = { transports: ['websocket'], forceNew: true, reconnection: false, ...options }
  const client = new Client(io(new URL(namespace, url).href, settings))
  openClients.add(client)
  await client.connected
  return client
}

/** The payload of a login. */
export function loginInfo({ token, protocol = '1.2', ...ask }: LoginOptions): object {
  const userAgent = { sdk: { type: 'JavaScript', version: '5.0' } }
  return { token: token ?? tokenFor(ask), userAgent, ...(protocol === 'legacy' ? {} : { protocol }) }
}

/** Connects a client and logs it in. */
export async function enter(url: string, options: LoginOptions): Promise<Client> {
  const client = await connect(url)
  await client.login(options)
  return client
}

/** A client that queues notifications until the test takes them, so that no test races with its messages. */
export class Client {
  readonly socket: Socket
  readonly connected: Promise<void>
  /** Resolves to the reason when the connection ends. */
  readonly closed: Promise<string>
  /** All notifications so far, taken or not. */
  readonly seen: Notice[] = []
  /** The participant's id, after the login. */
  id = ''
  ticket = ''
  #legacy = false
  #untaken: Notice[] = []
  readonly #waiters = new Set<{ event: string | undefined; take: (notice: Notice) => void }>()

  constructor(socket: Socket) {
    this.socket = socket
    this.connected = new Promise((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('connect_error', (error: Error & { description?: { error?: Error } }) =>
        reject(Object.assign(error, { cause: error.description?.error })),
      )
    })
    this.closed = new Promise((resolve) => socket.once('disconnect', resolve))
    socket.onAny((event: string, ...args: unknown[]) => this.#receive(noticeOf(event, args)))
  }

  /** The highest seq received, or that of the login. */
  get seq(): number {
    return this.seen.reduce((highest, { meta }) => Math.max(highest, meta?.seq ?? 0), this.#loginSeq)
  }
  #loginSeq = 0

  /** Resolves to the ack, also of a refusal. @throws Error when there is no ack */
  request(event: string, ...args: unknown[]): Promise<Answer> {
    const answered = new Promise<Answer>((resolve) => {
      this.socket.emit(event, ...args, (...answer: unknown[]) => resolve(answerOf(answer)))
    })
    const lost = this.closed.then((reason): never => {
      throw new Error(`No ack of ${event}, and the connection is closed: ${reason}`)
    })
    return withTimeout(Promise.race([answered, lost]), () => `No ack of ${event}`)
  }

  /** A typed request of the portal. @throws Error when it is refused */
  async ask<E extends keyof Requests & string>(event: E, ...data: Payload<Requests[E]>): Promise<Reply<Requests[E]>> {
    const answer = await this.request(event, ...data)
    if (answer.status === 'error') throw new Error(`${event}: ${answer.error}`)
    return answer.data as Reply<Requests[E]>
  }

  async login(options: LoginOptions): Promise<JoinResult> {
    const { status, data, error } = await this.request('login', loginInfo(options))
    if (status === 'error') throw new Error(`login: ${error}`)
    const joined = data as JoinResult & { clientId?: string }
    this.#legacy = options.protocol === 'legacy'
    this.id = joined.clientId ?? joined.id
    this.ticket = joined.reconnectionTicket
    this.#loginSeq = joined.seq
    return joined
  }

  /** With a ticket alone, or with `{ ticket, seq }`. Resolves to the ack's data. @throws Error when it is refused */
  async relogin(payload: string | { ticket: string; seq: number }): Promise<unknown> {
    const { status, data, error } = await this.request('relogin', payload)
    if (status === 'error') throw new Error(`relogin: ${error}`)
    this.ticket = typeof data === 'string' ? data : (data as { ticket: string }).ticket
    this.id = JSON.parse(Buffer.from(this.ticket, 'base64').toString()).participantId
    return data
  }

  /** Takes the next notification from the queue, of this event if given. */
  next(event?: string): Promise<Notice> {
    const index = this.#untaken.findIndex((notice) => event === undefined || notice.event === event)
    const [queued] = index === -1 ? [] : this.#untaken.splice(index, 1)
    if (queued) return Promise.resolve(queued)
    const waiting = { event, take: (_notice: Notice) => {} }
    const taken = new Promise<Notice>((resolve) => {
      waiting.take = resolve
    })
    this.#waiters.add(waiting)
    const describe = () => `No ${event ?? 'notification'} came; untaken: ${JSON.stringify(this.#untaken)}`
    return withTimeout(taken, describe).finally(() => this.#waiters.delete(waiting))
  }

  /**
   * Sends a message to itself and waits for it. A room has one order, so all earlier notifications have arrived by then.
   * Takes and returns them.
   */
  async barrier(): Promise<Notice[]> {
    const mark = `barrier ${newId()}`
    if (this.#legacy) await this.ask('customMessage', { type: 'data', receiver: this.id, data: mark })
    else await this.ask('text', { to: this.id, message: mark })
    const earlier: Notice[] = []
    for (;;) {
      const notice = await this.next()
      if (JSON.stringify(notice.data).includes(mark)) return earlier
      earlier.push(notice)
    }
  }

  /** Resolves when the server knows that the client has received its last ack. A confirmation takes some round trips. */
  async whenConfirmed(): Promise<void> {
    for (let trips = 0; trips < 3; trips += 1) await this.request('text', { to: 'admin', message: '' })
  }

  /** Closes the connection without logging out. */
  cut(): void {
    this.socket.io.engine.close()
  }

  #receive(notice: Notice): void {
    this.seen.push(notice)
    const waiting = [...this.#waiters].find(({ event }) => event === undefined || event === notice.event)
    if (!waiting) this.#untaken.push(notice)
    else {
      this.#waiters.delete(waiting)
      waiting.take(notice)
    }
  }
}

function noticeOf(event: string, args: unknown[]): Notice {
  const last = args.at(-1)
  const meta = typeof last === 'object' && last !== null && 'seq' in last ? (last as Meta) : undefined
  const [data, ...more] = meta ? args.slice(0, -1) : args
  return { event, data, ...(more.length > 0 ? { more } : {}), meta }
}

function answerOf([status, data, more]: unknown[]): Answer {
  const { code } = (more ?? {}) as { code?: unknown }
  return status === 'error' ? { status, error: data, code } : { status: String(status), data }
}

async function withTimeout<T>(promise: Promise<T>, describe: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(describe())), responseTimeoutMs)
  })
  try {
    return await Promise.race([promise, expired])
  } finally {
    clearTimeout(timer)
  }
}
