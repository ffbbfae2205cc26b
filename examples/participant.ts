import { io, type Socket } from 'socket.io-client'
import { Ledger } from './ledger.ts'

/** A node as a client knows it. */
export type NodeAddress = { name: string; url: string }

const userAgent = { sdk: { type: 'JavaScript', version: '5.0' } }

/** A plain Socket.IO client that resumes on any node. It needs only its last ticket and the last seq that it received. */
export class Participant {
  readonly name: string
  readonly ledger = new Ledger()
  node: NodeAddress
  /** Resolves to the reason when the connection is lost. */
  lost: Promise<string> = Promise.resolve('never connected')
  /** Resolves when the node announces that it will close the connection, to the remaining ms. */
  draining: Promise<number> = Promise.resolve(0)
  seq = 0
  #ticket = ''
  #socket: Socket
  #loggedIn = false
  /** Texts that have no ack yet. */
  #unacked: number[] = []

  private constructor(name: string, node: NodeAddress) {
    this.name = name
    this.node = node
    this.#socket = this.#connect(node)
  }

  static async login(name: string, room: string, node: NodeAddress): Promise<Participant> {
    const participant = new Participant(name, node)
    const token = await requestToken(node, { room, user: name, role: 'presenter' })
    const { reconnectionTicket, seq } = await participant.#request('login', { token, userAgent, protocol: '1.2' })
    participant.#ticket = String(reconnectionTicket)
    participant.seq = Number(seq)
    participant.#loggedIn = true
    return participant
  }

  /** Resumes on the same node or another; the node then sends the missed notifications. @returns how many texts were resent */
  async resume(node: NodeAddress): Promise<number> {
    this.node = node
    this.#socket = this.#connect(node)
    const { ticket, complete } = await this.#request('relogin', { ticket: this.#ticket, seq: this.seq })
    this.#ticket = String(ticket)
    if (!complete) this.ledger.incidents.push(`${this.name} did not get all missed notifications`)
    this.#loggedIn = true
    // The node may have applied a text whose ack was lost. Its `rid` makes sending it again safe.
    for (const text of this.#unacked) this.#send(text)
    return this.#unacked.length
  }

  /** Sends a number to all in the room, now or after the next resume. */
  send(text: number): void {
    this.#unacked.push(text)
    if (this.#loggedIn) this.#send(text)
  }

  leave(): void {
    this.#socket.disconnect()
  }

  #send(text: number): void {
    this.#socket.emit(
      'text',
      { to: 'all', message: String(text) },
      { rid: text },
      (status: string, reason?: string) => {
        if (status !== 'ok') this.ledger.incidents.push(`text ${text} of ${this.name} was refused: ${reason}`)
        this.#unacked = this.#unacked.filter((other) => other !== text)
      },
    )
  }

  #connect({ url }: NodeAddress): Socket {
    const socket = io(url, { transports: ['websocket'], forceNew: true, reconnection: false })
    this.lost = new Promise((resolve) => {
      socket.once('disconnect', (reason) => {
        this.#loggedIn = false
        resolve(reason)
      })
      socket.once('connect_error', (error) => resolve(error.message))
    })
    this.draining = new Promise((resolve) => socket.once('draining', ({ withinMs }) => resolve(withinMs)))
    socket.onAny((event, data, meta) => this.#onEvent(event, data, meta))
    return socket
  }

  /** The last argument of every notification has the `seq`. */
  #onEvent(event: string, data: { action?: string; message?: string }, meta?: { seq: number }): void {
    if (!meta) return
    this.seq = meta.seq
    this.ledger.record(meta.seq, event === 'text' ? Number(data.message) : undefined)
    if (event === 'participant' && data.action === 'leave') {
      this.ledger.incidents.push(`${this.name} saw a participant leave`)
    }
  }

  async #request(event: string, data: object): Promise<{ [field: string]: unknown }> {
    const ack = new Promise<{ [field: string]: unknown }>((resolve, reject) => {
      this.#socket.emit(event, data, (status: string, reply: { [field: string]: unknown } | string) => {
        if (typeof reply === 'object') resolve(reply)
        else reject(new Error(`${event} of ${this.name} was refused with ${status}: ${reply}`))
      })
    })
    const lost = this.lost.then((reason): never => {
      throw new Error(`The connection of ${this.name} was lost before ${event} was acked: ${reason}`)
    })
    return Promise.race([ack, lost])
  }
}

/** Nodes in development issue tokens to every client that asks. */
async function requestToken({ url }: NodeAddress, claims: { room: string; user: string; role: string }) {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}/tokens/`, { method: 'POST', headers, body: JSON.stringify(claims) })
  if (!response.ok) throw new Error(`${url} issued no token: HTTP ${response.status}`)
  return response.text()
}
