import { io, type Socket } from 'socket.io-client'
import { addressOf } from './address.ts'
import { SignalboxError } from './errors.ts'

/** `lost`: the connection ended before the answer. */
export type HandshakeAnswer = { ok: true; data: unknown } | { ok: false; code: string; message: string }

export type LinkListener = {
  notice(event: string, args: unknown[]): void
  lost(reason: string): void
}

/** One connection to one node. It does not reconnect: the session opens another. */
export interface Link {
  readonly url: string
  /** The connection's id, which names its node. */
  readonly id: string
  readonly open: boolean
  /** Calls back once, and in the same step in which the answer is read: what the server says next comes after it. */
  ask(event: string, args: readonly unknown[], answered: (answer: HandshakeAnswer) => void): void
  /** One listener. What came before it is handed over at once. */
  listen(listener: LinkListener): void
  close(): void
}

export type LinkTarget = {
  /** May have a path, the prefix of Socket.IO's, and a query, which goes with the handshake. */
  url: string
  /** Socket.IO's whole path; unset: as it follows from `url`. */
  path?: string | undefined
  namespace: string
  auth: { [field: string]: unknown }
  transports: readonly string[]
  timeoutMs: number
}

/** @throws SignalboxError unreachable, or with the code with which the server refused the handshake */
export type Connector = (target: LinkTarget, signal: AbortSignal) => Promise<Link>

/** Over socket.io-client: WebSocket first, which needs no sticky balancer. */
export const connectSocket: Connector = socketConnector(io)

/** Makes a socket, as `io` does. */
export type OpenSocket = (url: string, options: Parameters<typeof io>[1]) => Socket

/** @param open for those who want to see what is under a session */
export function socketConnector(open: OpenSocket): Connector {
  return (target, signal) => connectWith(open, target, signal)
}

function connectWith(open: OpenSocket, target: LinkTarget, signal: AbortSignal): Promise<Link> {
  const { url, namespace, auth, transports, timeoutMs } = target
  const { origin, path, query } = addressOf(url, target.path)
  const socket = open(`${origin}${namespace}`, {
    path,
    query,
    // `seq`: it will say what it saw, so that nothing has to find out; `limits`: it will be told what the node takes
    auth: { ...auth, seq: true, limits: true },
    transports: [...transports] as ('websocket' | 'polling')[],
    tryAllTransports: true,
    forceNew: true,
    reconnection: false,
    timeout: timeoutMs,
  })
  return new Promise((resolve, reject) => {
    const fail = (error: SignalboxError) => {
      settle()
      socket.disconnect()
      reject(error)
    }
    const aborted = () => fail(new SignalboxError('closed'))
    const refused = (error: Error) => fail(refusalOf(error, url))
    // the transport was up and went before the namespace answered: no connect_error tells of it
    const cut = (reason: string) => fail(new SignalboxError('lost', `${url} was lost: ${reason}`))
    // the manager's own timeout ends with the transport; a namespace that never answers would hang
    const timer = setTimeout(() => fail(new SignalboxError('unreachable', `No answer from ${url}`)), timeoutMs)
    const settle = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', aborted)
      socket.off('connect_error', refused)
      socket.off('disconnect', cut)
    }
    signal.addEventListener('abort', aborted)
    socket.once('connect_error', refused)
    socket.once('disconnect', cut)
    const link = new SocketLink(url, socket)
    socket.once('connect', () => {
      settle()
      resolve(link)
    })
    if (signal.aborted) aborted()
  })
}

function refusalOf(error: Error & { data?: unknown }, url: string): SignalboxError {
  const { code } = (typeof error.data === 'object' && error.data !== null ? error.data : {}) as { code?: unknown }
  if (typeof code === 'string') return new SignalboxError(code, error.message)
  return new SignalboxError('unreachable', `${url} cannot be reached: ${error.message}`, { cause: error })
}

class SocketLink implements Link {
  readonly url: string
  readonly #socket: Socket
  readonly #asked = new Set<(answer: HandshakeAnswer) => void>()
  #listener: LinkListener | undefined
  #early: { event: string; args: unknown[] }[] = []
  #lost: string | undefined
  #id = ''

  constructor(url: string, socket: Socket) {
    this.url = url
    this.#socket = socket
    socket.onAny((event: string, ...args: unknown[]) => {
      if (this.#listener) this.#listener.notice(event, args)
      else this.#early.push({ event, args })
    })
    socket.once('connect', () => {
      const { engine } = socket.io as { engine?: { id?: string } }
      this.#id = engine?.id ?? '' // the engine forgets it when it closes, and then it is asked where one was
    })
    socket.once('disconnect', (reason) => this.#end(reason))
  }

  get id(): string {
    return this.#id
  }

  get open(): boolean {
    return this.#lost === undefined && this.#socket.connected
  }

  ask(event: string, args: readonly unknown[], answered: (answer: HandshakeAnswer) => void): void {
    const once = (answer: HandshakeAnswer) => {
      if (this.#asked.delete(once)) answered(answer)
    }
    this.#asked.add(once)
    if (this.open) this.#socket.emit(event, ...args, (...ack: unknown[]) => once(answerOf(ack)))
    else once(lostAnswer)
  }

  listen(listener: LinkListener): void {
    this.#listener = listener
    for (const { event, args } of this.#early.splice(0)) listener.notice(event, args)
    if (this.#lost !== undefined) listener.lost(this.#lost)
  }

  close(): void {
    this.#socket.disconnect()
    this.#end('closed')
  }

  #end(reason: string): void {
    if (this.#lost !== undefined) return
    this.#lost = reason
    for (const answered of [...this.#asked]) answered(lostAnswer)
    this.#listener?.lost(reason)
  }
}

const lostAnswer: HandshakeAnswer = { ok: false, code: 'lost', message: 'The connection was lost' }

function answerOf([status, data, more]: unknown[]): HandshakeAnswer {
  if (status !== 'error') return { ok: true, data }
  const { code } = (typeof more === 'object' && more !== null ? more : {}) as { code?: unknown }
  return { ok: false, code: typeof code === 'string' ? code : 'internal', message: String(data) }
}
