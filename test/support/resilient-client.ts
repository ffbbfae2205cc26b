import { setTimeout as pause } from 'node:timers/promises'
import { io, type Socket } from 'socket.io-client'
import { afterEvery } from './cleanup.ts'
import { loginInfo } from './client.ts'
import type { Ledger } from './ledger.ts'
import type { Random } from './random.ts'
import type { Waits } from './waits.ts'

/** A node or load balancer. */
export type Address = { url: string }

export type ResilientClientOptions = {
  ledger: Ledger
  random: Random
  room: string
  user: string
  /** The nodes that the client may connect to. */
  nodes: () => readonly Address[]
  /**
   * `one`: sends the next message when the one before is acked. `many`: sends without waiting. `any order`: as `many`, and
   * a refused message may be overtaken by later ones. `once`: as `many`, and a message that was refused or not answered
   * is not sent again.
   */
  inFlight: 'one' | 'many' | 'any order' | 'once'
  /** Appended to the number in each text, in rotation. */
  suffixes?: readonly string[] | undefined
  /** Records how long each request waits for its answer. */
  waits?: Waits | undefined
  /** How long the client tries to resume: longer than any reconnect window, so that the server decides. */
  resumeTimeoutMs?: number | undefined
}

type Ack = { status: string; data?: unknown; code?: string }
type OutgoingText = { number: number; to: string; done: () => void; sentOn: Socket | undefined; refusals: number }

/** Of a resume: the client then tries another node. */
const handshakeTimeoutMs = 3000
/** Of the login, which is not repeated: many node processes may be starting on few cores at that moment. */
const loginHandshakeTimeoutMs = 20_000
const ackTimeoutMs = 8000
const defaultResumeTimeoutMs = 40_000
/** Below the number of requests that a node holds until the relogin is done. */
const maxEarlyRequests = 50
/** A node refuses a `rid` as too old after this many later ones (docs/protocol.md). */
const rememberedRids = 100
/** The delay before a request that was refused as `unavailable` is sent again. */
const backOffMs = 100

const openSockets = new Set<Socket>()
afterEvery('test', () => {
  for (const socket of openSockets) socket.disconnect()
  openSockets.clear()
})

/**
 * A client like a good SDK, but without its code: after a lost connection it resumes on another node with the last seq,
 * until it succeeds, and sends unacked messages again with the same `rid`. It records all that it receives in the ledger.
 */
export class ResilientClient {
  id = ''
  ticket = ''
  /** The highest number of refusals as `unavailable` that one request got. */
  refusals = 0
  /** The highest number of failed attempts in a row to resume. */
  failedAttempts = 0
  /** The node that the client is connected to or tries. */
  node: Address | undefined
  /** Called when the node announces its drain, and when a connection is lost. */
  onDraining: (withinMs: number) => void = () => {}
  onLost: (reason: string) => void = () => {}
  readonly #options: ResilientClientOptions
  readonly #unacked = new Map<number, OutgoingText>()
  /** Functions that end the waits of a connection's requests. */
  readonly #openWaits = new Map<Socket, Set<() => void>>()
  #socket: Socket | undefined
  #inRoom = false
  #dismissed = false
  #lastNumber = 0
  #seq = 0

  constructor(options: ResilientClientOptions) {
    this.#options = options
  }

  /** Logged in or resumed on the present connection. */
  get inRoom(): boolean {
    return this.#inRoom
  }

  /** The client does not resume any more. */
  get dismissed(): boolean {
    return this.#dismissed
  }

  /** The last seq received. */
  get seq(): number {
    return this.#seq
  }

  /** @throws Error when the node refuses the login */
  async login(node: Address): Promise<void> {
    const { room, user, ledger, inFlight } = this.#options
    this.node = node
    const socket = this.#connect(node, loginHandshakeTimeoutMs)
    const { status, data, code = status } = await this.#request(socket, 'login', loginInfo({ room, user }))
    if (status !== 'ok') throw new Error(`The login of ${user} at ${node.url} failed: ${code}`)
    const joined = data as { id: string; seq: number; reconnectionTicket: string }
    this.id = joined.id
    this.ticket = joined.reconnectionTicket
    this.#seq = joined.seq
    this.#inRoom = true
    ledger.joined(this.id, joined.seq, { inOrder: inFlight === 'one' || inFlight === 'many' })
  }

  /** Sends the next number. Resolves when it is acked, or will not be sent again. */
  send(to: string): Promise<void> {
    if (this.#options.inFlight === 'once' && !this.#inRoom) return Promise.resolve()
    this.#lastNumber += 1
    const number = this.#lastNumber
    this.#options.ledger.sent(this.id, number, to)
    return new Promise((resolve) => {
      this.#unacked.set(number, { to, number, done: resolve, sentOn: undefined, refusals: 0 })
      if (this.#inRoom) this.#flush()
    })
  }

  /** Loses the connection without logging out: the library closes it, or its TCP connection is destroyed. */
  cut(how: 'engine' | 'tcp' = 'engine'): void {
    if (how === 'engine') this.#socket?.io.engine.close()
    else if (this.#socket) terminate(this.#socket)
  }

  /** Resumes on another node and keeps the old connection open. @returns the socket of the old connection */
  move(node?: Address): Socket {
    const oldSocket = this.#socket
    if (!oldSocket) throw new Error('The client has no connection to move from')
    this.#inRoom = false
    this.#socket = undefined
    void this.#resume(node)
    return oldSocket
  }

  /** Simulates the loss of the client's machine: it does not resume. */
  vanish(): void {
    this.#dismissed = true
    this.#inRoom = false
    this.#options.ledger.dismiss(this.id)
    if (this.#socket) terminate(this.#socket)
    for (const { done } of this.#unacked.values()) done()
    this.#unacked.clear()
  }

  /** Neither moves nor resumes, and sends one text that must have no effect. Resolves to the reason when the connection ends. */
  stay(): Promise<string> {
    this.#dismissed = true
    this.#options.ledger.dismiss(this.id)
    const socket = this.#socket
    socket?.emit('text', { to: 'all', message: '1000001' }, { rid: 1_000_001 })
    return new Promise((resolve) => socket?.once('disconnect', resolve))
  }

  #connect(node: Address, timeout = handshakeTimeoutMs): Socket {
    const socket = io(node.url, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      timeout,
    })
    openSockets.add(socket)
    this.#socket = socket
    const { ledger } = this.#options
    const current = () => this.#socket === socket
    socket.on('text', ({ from, message }: { from: string; message: string }, { seq }: { seq: number }) => {
      if (!current()) return
      this.#seq = Math.max(this.#seq, seq)
      ledger.received(this.id, seq, from, Number.parseInt(message, 10))
    })
    socket.on('participant', ({ action, data }, { seq }: { seq: number }) => {
      if (!current()) return
      this.#seq = Math.max(this.#seq, seq)
      ledger.notified(this.id, seq, action, action === 'join' ? data.id : data)
    })
    socket.on('draining', ({ withinMs }: { withinMs: number }) => this.onDraining(withinMs))
    socket.on('disconnect', (reason) => {
      openSockets.delete(socket)
      this.#endWaits(socket)
      if (this.#options.inFlight === 'once') {
        for (const text of [...this.#unacked.values()]) if (text.sentOn === socket) this.#withdraw(text)
      }
      if (!current() || !this.#inRoom) return
      this.#inRoom = false
      this.onLost(reason)
      if (!this.#dismissed) void this.#resume()
    })
    return socket
  }

  async #resume(first?: Address): Promise<void> {
    const { nodes, random, ledger, resumeTimeoutMs = defaultResumeTimeoutMs } = this.#options
    const deadline = performance.now() + resumeTimeoutMs
    let node = first
    for (let tries = 1; !this.#dismissed; tries += 1) {
      const others = nodes().filter((other) => other !== this.node)
      this.node = node ?? random.pick(others.length > 0 ? others : nodes())
      node = undefined
      const refusal = await this.#relogin(this.node)
      if (refusal === undefined) return
      this.failedAttempts = Math.max(this.failedAttempts, tries)
      if (!retryableCodes.has(refusal) || performance.now() > deadline) {
        ledger.refused(this.id, `relogin: ${refusal}`)
        return
      }
      await pause(backOffMs)
    }
  }

  /** Resolves to the error code, or undefined on success. */
  async #relogin(node: Address): Promise<string | undefined> {
    const { random, ledger } = this.#options
    const seq = this.#seq
    const socket = this.#connect(node)
    const answer = this.#request(socket, 'relogin', { ticket: this.ticket, seq })
    // sometimes send waiting messages before the answer, as socket.io-client does with its buffer
    if (random.chance(0.5)) this.#flush(maxEarlyRequests)
    const { status, data, code = status } = await answer
    if (status !== 'ok') {
      socket.disconnect()
      this.#endWaits(socket)
      return code
    }
    const resumed = data as { ticket: string; seq: number; complete: boolean }
    if (!resumed.complete || resumed.seq !== seq) {
      ledger.refused(this.id, `relogin after ${seq} was answered ${JSON.stringify(resumed)}`)
    }
    this.ticket = resumed.ticket
    if (this.#socket !== socket || !socket.connected) return 'lost'
    this.#inRoom = true
    this.#flush()
    ledger.resumed(this.id)
    return undefined
  }

  /** Sends the messages that were not sent on this connection yet, in order. */
  #flush(limit?: number): void {
    const socket = this.#socket
    if (!socket) return
    const [oldest = 0] = this.#unacked.keys()
    const ready = [...this.#unacked.values()].slice(0, this.#options.inFlight === 'one' ? 1 : limit)
    for (const text of ready) {
      if (text.number >= oldest + rememberedRids) return
      if (text.sentOn === socket) continue
      text.sentOn = socket
      this.#emit(socket, text)
    }
  }

  #emit(socket: Socket, text: OutgoingText): void {
    const { ledger } = this.#options
    const { to, number } = text
    const answered = this.#beginWait(socket, `text ${number} of ${this.id}`)
    const { suffixes = [''] } = this.#options
    const message = `${number}${suffixes[number % suffixes.length]}`
    socket.emit('text', { to, message }, { rid: number }, (...ack: unknown[]) => {
      answered()
      const { status, code = status } = ackOf(ack)
      const isUnacked = this.#unacked.has(number)
      if (status === 'ok' && isUnacked) {
        this.#unacked.delete(number)
        ledger.acked(this.id, number)
        text.done()
        if (this.#inRoom) this.#flush()
      } else if (code === 'unavailable') {
        text.refusals += 1
        this.refusals = Math.max(this.refusals, text.refusals)
        ledger.postponed()
        if (this.#options.inFlight === 'once') {
          this.#withdraw(text)
          if (this.#inRoom) this.#flush()
        } else if (isUnacked)
          setTimeout(() => this.#socket === socket && socket.connected && this.#emit(socket, text), backOffMs)
      } else if (status !== 'ok' && !staleConnectionCodes.has(code)) {
        ledger.refused(this.id, `text ${number}: ${code} ${ack[1]}`)
      }
    })
  }

  #withdraw({ number, done }: OutgoingText): void {
    if (!this.#unacked.delete(number)) return
    this.#options.ledger.withdrawn(this.id, number)
    done()
  }

  /** @returns a function to call at the answer, which records the wait */
  #beginWait(socket: Socket, what: string): () => void {
    const done = this.#options.waits?.begin(`${what} at ${this.node?.url}`)
    if (!done) return () => {}
    const open = this.#openWaits.get(socket) ?? new Set()
    this.#openWaits.set(socket, open.add(done))
    return () => {
      open.delete(done)
      done()
    }
  }

  /** Ends the waits of a connection that was lost or not established. */
  #endWaits(socket: Socket): void {
    for (const done of this.#openWaits.get(socket) ?? []) done()
    this.#openWaits.delete(socket)
  }

  #request(socket: Socket, event: string, data: object): Promise<Ack> {
    const answered = this.#beginWait(socket, `${event} of ${this.id}`)
    return new Promise((resolve) => {
      socket.once('connect_error', () => resolve({ status: 'no connection' }))
      socket.once('disconnect', () => resolve({ status: 'lost' }))
      socket.timeout(ackTimeoutMs).emit(event, data, (timeout: Error | null, ...ack: unknown[]) => {
        if (!timeout) answered()
        resolve(timeout ? { status: 'no answer' } : ackOf(ack))
      })
    })
  }
}

/** Errors after which a relogin is tried again. */
const retryableCodes = new Set(['no connection', 'lost', 'no answer', 'unavailable', 'early_left'])
/** Errors of a request on a connection that is not the participant's any more, or not yet. */
const staleConnectionCodes = new Set(['moved', 'illegal_request'])

function ackOf([status, data, more]: unknown[]): Ack {
  const { code } = (more ?? {}) as { code?: string }
  return { status: String(status), data, ...(code === undefined ? {} : { code }) }
}

/** Destroys the TCP connection of a socket without a close frame or packet. */
function terminate(socket: Socket): void {
  const { transport } = socket.io.engine as unknown as { transport?: { ws?: { terminate?: () => void } } }
  if (!transport?.ws?.terminate) throw new Error('Not a WebSocket of the ws package')
  transport.ws.terminate()
}
