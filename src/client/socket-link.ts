import { io, type Socket } from 'socket.io-client'
import { addressOf } from './address.ts'
import { SignalboxError } from './errors.ts'
import type { Connector, Link, LinkAnswer, LinkListener, LinkTarget } from './link.ts'

/** Makes a socket, as `io` does. */
type OpenSocket = (url: string, options: Parameters<typeof io>[1]) => Socket

/** Connects with socket.io-client. */
export const connectSocket: Connector = socketConnector(io)

/** @param open replaces `io`, for a caller that watches the socket under a session */
export function socketConnector(open: OpenSocket): Connector {
  return async (target, signal) => {
    const socket = openSocket(open, target)
    const link = new SocketLink(target.url, socket)
    await connected(socket, target, signal)
    return link
  }
}

function openSocket(open: OpenSocket, { url, path: wholePath, namespace, auth, transports, timeoutMs }: LinkTarget) {
  const { origin, path, query } = addressOf(url, wholePath)
  return open(`${origin}${namespace}`, {
    path,
    query,
    // `seq`: every relogin names it, so the node need not ask what has arrived; `limits`: acks contain the limits of the node
    auth: { ...auth, seq: true, limits: true },
    transports: [...transports] as ('websocket' | 'polling')[],
    tryAllTransports: true,
    forceNew: true,
    reconnection: false,
    timeout: timeoutMs,
  })
}

/** Resolves when the namespace has accepted the connection; otherwise closes the socket. @throws SignalboxError */
function connected(socket: Socket, { url, timeoutMs }: LinkTarget, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: SignalboxError) => {
      settle()
      socket.disconnect()
      reject(error)
    }
    const succeed = () => {
      settle()
      resolve()
    }
    const abort = () => fail(new SignalboxError('closed'))
    const refuse = (error: Error) => fail(refusalOf(error, url))
    // the transport was open and closed before the namespace answered: socket.io-client emits no connect_error then
    const lose = (reason: string) => fail(new SignalboxError('lost', `${url} was lost: ${reason}`))
    // the timeout of socket.io-client covers the transport only, and a namespace may never answer
    const timer = setTimeout(() => fail(new SignalboxError('unreachable', `No answer from ${url}`)), timeoutMs)
    const settle = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      socket.off('connect', succeed).off('connect_error', refuse).off('disconnect', lose)
    }
    signal.addEventListener('abort', abort)
    socket.once('connect', succeed).once('connect_error', refuse).once('disconnect', lose)
    if (signal.aborted) abort()
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
  readonly #unanswered = new Set<(answer: LinkAnswer) => void>()
  #listener: LinkListener | undefined
  #unreadEvents: { event: string; args: unknown[] }[] = []
  #lossReason: string | undefined
  #id = ''

  constructor(url: string, socket: Socket) {
    this.url = url
    this.#socket = socket
    socket.onAny((event: string, ...args: unknown[]) => {
      if (this.#listener) this.#listener.event(event, args)
      else this.#unreadEvents.push({ event, args })
    })
    socket.once('connect', () => {
      const { engine } = socket.io as { engine?: { id?: string } }
      this.#id = engine?.id ?? '' // kept here because the engine forgets it when it closes
    })
    socket.once('disconnect', (reason) => this.#end(reason))
  }

  get id(): string {
    return this.#id
  }

  get open(): boolean {
    return this.#lossReason === undefined && this.#socket.connected
  }

  ask(event: string, args: readonly unknown[], answered: (answer: LinkAnswer) => void): void {
    const settle = (answer: LinkAnswer) => {
      if (this.#unanswered.delete(settle)) answered(answer)
    }
    this.#unanswered.add(settle)
    if (this.open) this.#socket.emit(event, ...args, (...ack: unknown[]) => settle(answerOf(ack)))
    else settle(lostAnswer)
  }

  listen(listener: LinkListener): void {
    this.#listener = listener
    for (const { event, args } of this.#unreadEvents.splice(0)) listener.event(event, args)
    if (this.#lossReason !== undefined) listener.lost(this.#lossReason)
  }

  close(): void {
    this.#socket.disconnect()
    this.#end('closed')
  }

  #end(reason: string): void {
    if (this.#lossReason !== undefined) return
    this.#lossReason = reason
    for (const answered of [...this.#unanswered]) answered(lostAnswer)
    this.#listener?.lost(reason)
  }
}

const lostAnswer: LinkAnswer = { ok: false, code: 'lost', message: 'The connection was lost' }

function answerOf([status, data, details]: unknown[]): LinkAnswer {
  if (status !== 'error') return { ok: true, data }
  const { code } = (typeof details === 'object' && details !== null ? details : {}) as { code?: unknown }
  return { ok: false, code: typeof code === 'string' ? code : 'internal', message: String(data) }
}
