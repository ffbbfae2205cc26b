import { setTimeout as pause } from 'node:timers/promises'
import { io, type Socket } from 'socket.io-client'
import { afterEvery } from './cleanup.ts'
import { loginInfo } from './client.ts'
import type { Ledger } from './ledger.ts'
import type { Random } from './random.ts'
import type { Waits } from './waits.ts'

/** Where a client may connect to. */
export type Address = { url: string }

export type RoamerOptions = {
  ledger: Ledger
  random: Random
  room: string
  user: string
  /** The nodes that are there, as far as a client can know. */
  nodes: () => readonly Address[]
  /**
   * `one`: the next message is sent when the one before is acked. `many`: as they come. `any order`: as they come, and
   * when one is refused it may be overtaken by the next, which its sender accepts. `once`: as they come, and none is
   * repeated that was refused or not answered.
   */
  inFlight: 'one' | 'many' | 'any order' | 'once'
  /** Follows the number in each text, one after the other. */
  suffixes?: readonly string[] | undefined
  /** Notes how long each request waits. */
  waits?: Waits | undefined
  /** How long it tries to come back, ms: longer than any window, so that it is the server that decides. */
  staminaMs?: number | undefined
}

type Ack = { status: string; data?: unknown; code?: string }
type Said = { number: number; to: string; done: () => void; sentOn: Socket | undefined; refusals: number }

/** How long a node may take to shake hands, and to answer a relogin, ms. */
const handshake = 3000
const answer = 8000
const defaultStaminaMs = 40_000
/** Fewer than a node holds for a client that waits for its relogin: it refuses those beyond. */
const earlyRequests = 50
/** A node refuses a `rid` as too old when so many later ones were done (docs/protocol.md). */
const knownRids = 100
/** Between a refusal because the store is away and the next try, ms. */
const backOffMs = 100

const open = new Set<Socket>()
afterEvery('test', () => {
  for (const socket of open) socket.disconnect()
  open.clear()
})

/**
 * A client as a good SDK makes it: after a lost connection it picks another node and relogs in with what it last saw,
 * until it succeeds; what was not acked it sends again under the same number. All that it sees is noted in the ledger.
 */
export class Roamer {
  id = ''
  ticket = ''
  /** How often one and the same request of it was refused because the store was away. */
  refusals = 0
  /** How often in a row it was not let in when it came back, at most. */
  turnedAway = 0
  /** The node that it is on, or tries. */
  node: Address | undefined
  /** When it was told that its node is draining, and when a connection of it was lost. */
  onDraining: (withinMs: number) => void = () => {}
  onLost: (reason: string) => void = () => {}
  readonly #options: RoamerOptions
  readonly #unacked = new Map<number, Said>()
  /** Calls that note the end of a wait, by connection. */
  readonly #waiting = new Map<Socket, Set<() => void>>()
  #socket: Socket | undefined
  #entered = false
  #gone = false
  #said = 0
  #seq = 0

  constructor(options: RoamerOptions) {
    this.#options = options
  }

  /** In the room, on a connection that stands. */
  get home(): boolean {
    return this.#entered
  }

  get gone(): boolean {
    return this.#gone
  }

  /** The last seq seen. */
  get seq(): number {
    return this.#seq
  }

  /** @throws Error when it is refused */
  async login(node: Address): Promise<void> {
    const { room, user, ledger, inFlight } = this.#options
    this.node = node
    const socket = this.#connect(node)
    const { status, data, code } = await this.#ask(socket, 'login', loginInfo({ room, user }))
    if (status !== 'ok') throw new Error(`login: ${code}`)
    const joined = data as { id: string; seq: number; reconnectionTicket: string }
    this.id = joined.id
    this.ticket = joined.reconnectionTicket
    this.#seq = joined.seq
    this.#entered = true
    ledger.entered(this.id, joined.seq, { inOrder: inFlight === 'one' || inFlight === 'many' })
  }

  /** Resolves when it was acked, however often it had to be sent, or is not sent again. */
  say(to: string): Promise<void> {
    if (this.#options.inFlight === 'once' && !this.#entered) return Promise.resolve()
    this.#said += 1
    const number = this.#said
    this.#options.ledger.sent(this.id, number, to)
    return new Promise((resolve) => {
      this.#unacked.set(number, { to, number, done: resolve, sentOn: undefined, refusals: 0 })
      if (this.#entered) this.#flush()
    })
  }

  /** The connection is lost without a goodbye: closed by the library, or the TCP connection destroyed under it. */
  cut(how: 'engine' | 'tcp' = 'engine'): void {
    if (how === 'engine') this.#socket?.io.engine.close()
    else if (this.#socket) destroy(this.#socket)
  }

  /** Relogs in elsewhere while the connection still stands; that one is left as it is, and answered to the caller. */
  move(node?: Address): Socket {
    const left = this.#socket
    if (!left) throw new Error('There is no connection to leave')
    this.#entered = false
    this.#socket = undefined
    void this.#comeBack(node)
    return left
  }

  /** The client's machine is gone; it does not come back. */
  vanish(): void {
    this.#gone = true
    this.#entered = false
    this.#options.ledger.dismiss(this.id)
    if (this.#socket) destroy(this.#socket)
    for (const { done } of this.#unacked.values()) done()
    this.#unacked.clear()
  }

  /** It neither moves nor comes back; resolves to why its connection ended. What it still says must not count. */
  stay(): Promise<string> {
    this.#gone = true
    this.#options.ledger.dismiss(this.id)
    const socket = this.#socket
    socket?.emit('text', { to: 'all', message: '1000001' }, { rid: 1_000_001 })
    return new Promise((resolve) => socket?.once('disconnect', resolve))
  }

  #connect(node: Address): Socket {
    const socket = io(node.url, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      timeout: handshake,
    })
    open.add(socket)
    this.#socket = socket
    const { ledger } = this.#options
    const current = () => this.#socket === socket
    socket.on('text', ({ from, message }: { from: string; message: string }, { seq }: { seq: number }) => {
      if (!current()) return
      this.#seq = Math.max(this.#seq, seq)
      ledger.heard(this.id, seq, from, Number.parseInt(message, 10))
    })
    socket.on('participant', ({ action, data }, { seq }: { seq: number }) => {
      if (!current()) return
      this.#seq = Math.max(this.#seq, seq)
      ledger.told(this.id, seq, action, action === 'join' ? data.id : data)
    })
    socket.on('draining', ({ withinMs }: { withinMs: number }) => this.onDraining(withinMs))
    socket.on('disconnect', (reason) => {
      open.delete(socket)
      this.#noAnswers(socket)
      if (this.#options.inFlight === 'once') {
        for (const said of [...this.#unacked.values()]) if (said.sentOn === socket) this.#withdraw(said)
      }
      if (!current() || !this.#entered) return
      this.#entered = false
      this.onLost(reason)
      if (!this.#gone) void this.#comeBack()
    })
    return socket
  }

  async #comeBack(first?: Address): Promise<void> {
    const { nodes, random, ledger, staminaMs = defaultStaminaMs } = this.#options
    const deadline = performance.now() + staminaMs
    let node = first
    for (let tries = 1; !this.#gone; tries += 1) {
      const others = nodes().filter((other) => other !== this.node)
      this.node = node ?? random.pick(others.length > 0 ? others : nodes())
      node = undefined
      const refusal = await this.#relogin(this.node)
      if (refusal === undefined) return
      this.turnedAway = Math.max(this.turnedAway, tries)
      if (!mayPass.has(refusal) || performance.now() > deadline) {
        ledger.refused(this.id, `relogin: ${refusal}`)
        return
      }
      await pause(backOffMs)
    }
  }

  /** Resolves to why it did not work, or undefined. */
  async #relogin(node: Address): Promise<string | undefined> {
    const { random, ledger } = this.#options
    const seq = this.#seq
    const socket = this.#connect(node)
    const asked = this.#ask(socket, 'relogin', { ticket: this.ticket, seq })
    // what waits to be sent may as well be sent before the answer, as socket.io-client does with its buffer
    if (random.chance(0.5)) this.#flush(earlyRequests)
    const { status, data, code = status } = await asked
    if (status !== 'ok') {
      socket.disconnect()
      this.#noAnswers(socket)
      return code
    }
    const entered = data as { ticket: string; seq: number; complete: boolean }
    if (!entered.complete || entered.seq !== seq) {
      ledger.refused(this.id, `relogin after ${seq} was answered ${JSON.stringify(entered)}`)
    }
    this.ticket = entered.ticket
    if (this.#socket !== socket || !socket.connected) return 'lost'
    this.#entered = true
    this.#flush()
    ledger.returned(this.id)
    return undefined
  }

  /** Sends what was not sent on this connection yet, in order. */
  #flush(limit?: number): void {
    const socket = this.#socket
    if (!socket) return
    const [oldest = 0] = this.#unacked.keys()
    const ready = [...this.#unacked.values()].slice(0, this.#options.inFlight === 'one' ? 1 : limit)
    for (const said of ready) {
      if (said.number >= oldest + knownRids) return
      if (said.sentOn === socket) continue
      said.sentOn = socket
      this.#send(socket, said)
    }
  }

  #send(socket: Socket, said: Said): void {
    const { ledger } = this.#options
    const { to, number } = said
    const answered = this.#wait(socket, `text ${number} of ${this.id}`)
    const { suffixes = [''] } = this.#options
    const message = `${number}${suffixes[number % suffixes.length]}`
    socket.emit('text', { to, message }, { rid: number }, (...ack: unknown[]) => {
      answered()
      const { status, code = status } = ackOf(ack)
      const open = this.#unacked.has(number)
      if (status === 'ok' && open) {
        this.#unacked.delete(number)
        ledger.acked(this.id, number)
        said.done()
        if (this.#entered) this.#flush()
      } else if (code === 'unavailable') {
        said.refusals += 1
        this.refusals = Math.max(this.refusals, said.refusals)
        ledger.postponed()
        if (this.#options.inFlight === 'once') {
          this.#withdraw(said)
          if (this.#entered) this.#flush()
        } else if (open)
          setTimeout(() => this.#socket === socket && socket.connected && this.#send(socket, said), backOffMs)
      } else if (status !== 'ok' && !notThere.has(code)) {
        ledger.refused(this.id, `text ${number}: ${code} ${ack[1]}`)
      }
    })
  }

  #withdraw({ number, done }: Said): void {
    if (!this.#unacked.delete(number)) return
    this.#options.ledger.withdrawn(this.id, number)
    done()
  }

  /** Called at the answer, it notes how long that took. */
  #wait(socket: Socket, what: string): () => void {
    const done = this.#options.waits?.begin(`${what} at ${this.node?.url}`)
    if (!done) return () => {}
    const open = this.#waiting.get(socket) ?? new Set()
    this.#waiting.set(socket, open.add(done))
    return () => {
      open.delete(done)
      done()
    }
  }

  /** What was asked on a connection that is lost, or was never made, is not waited for any more. */
  #noAnswers(socket: Socket): void {
    for (const done of this.#waiting.get(socket) ?? []) done()
    this.#waiting.delete(socket)
  }

  #ask(socket: Socket, event: string, data: object): Promise<Ack> {
    const answered = this.#wait(socket, `${event} of ${this.id}`)
    return new Promise((resolve) => {
      socket.once('connect_error', () => resolve({ status: 'no connection' }))
      socket.once('disconnect', () => resolve({ status: 'lost' }))
      socket.timeout(answer).emit(event, data, (late: Error | null, ...ack: unknown[]) => {
        if (!late) answered()
        resolve(late ? { status: 'no answer' } : ackOf(ack))
      })
    })
  }
}

/** Why a relogin may fail for now. */
const mayPass = new Set(['no connection', 'lost', 'no answer', 'unavailable', 'early_left'])
/** Said to a request whose connection is no longer, or not yet, that of the participant. */
const notThere = new Set(['moved', 'illegal_request'])

function ackOf([status, data, more]: unknown[]): Ack {
  const { code } = (more ?? {}) as { code?: string }
  return { status: String(status), data, ...(code === undefined ? {} : { code }) }
}

/** Ends the TCP connection under a socket, at once and without a word of any protocol above it. */
function destroy(socket: Socket): void {
  const { transport } = socket.io.engine as unknown as { transport?: { ws?: { terminate?: () => void } } }
  if (!transport?.ws?.terminate) throw new Error('Not a WebSocket of the ws package')
  transport.ws.terminate()
}
