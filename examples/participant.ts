import { io, type Socket } from 'socket.io-client'
import { Ledger } from './ledger.ts'

/** A node as a client knows it. */
export type Place = { name: string; url: string }

const userAgent = { sdk: { type: 'JavaScript', version: '5.0' } }

/** A plain Socket.IO client that can come back on any node: all that takes is its last ticket and the last seq it saw. */
export class Participant {
  readonly name: string
  readonly heard = new Ledger()
  at: Place
  /** Resolves when the connection is lost. */
  lost: Promise<string> = Promise.resolve('never connected')
  /** Resolves when the node says within how many ms it will close the connection. */
  moves: Promise<number> = Promise.resolve(0)
  seq = 0
  #ticket = ''
  #socket: Socket
  #loggedIn = false
  /** Texts that were said and not acked yet. */
  #inFlight: number[] = []

  private constructor(name: string, at: Place) {
    this.name = name
    this.at = at
    this.#socket = this.#connect(at)
  }

  static async login(name: string, room: string, at: Place): Promise<Participant> {
    const participant = new Participant(name, at)
    const token = await tokenFor(at, { room, user: name, role: 'presenter' })
    const { reconnectionTicket, seq } = await participant.#ask('login', { token, userAgent, protocol: '1.2' })
    participant.#ticket = String(reconnectionTicket)
    participant.seq = Number(seq)
    participant.#loggedIn = true
    return participant
  }

  /** Comes back, on the same node or another; what was missed follows by itself. Returns how much was said again. */
  async relogin(at: Place): Promise<number> {
    this.at = at
    this.#socket = this.#connect(at)
    const { ticket, complete } = await this.#ask('relogin', { ticket: this.#ticket, seq: this.seq })
    this.#ticket = String(ticket)
    if (!complete) this.heard.incidents.push(`${this.name} was not given all that was missed`)
    this.#loggedIn = true
    // what had no ack may be done or not; with its `rid` it is done once, however often it is sent
    for (const text of this.#inFlight) this.#send(text)
    return this.#inFlight.length
  }

  /** Says a number to everyone in the room, now or after the next relogin. */
  say(text: number): void {
    this.#inFlight.push(text)
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
        if (status !== 'ok') this.heard.incidents.push(`text ${text} of ${this.name} was refused: ${reason}`)
        this.#inFlight = this.#inFlight.filter((other) => other !== text)
      },
    )
  }

  #connect({ url }: Place): Socket {
    const socket = io(url, { transports: ['websocket'], forceNew: true, reconnection: false })
    this.lost = new Promise((resolve) => {
      socket.once('disconnect', (reason) => {
        this.#loggedIn = false
        resolve(reason)
      })
      socket.once('connect_error', (error) => resolve(error.message))
    })
    this.moves = new Promise((resolve) => socket.once('draining', ({ withinMs }) => resolve(withinMs)))
    socket.onAny((event, data, meta) => this.#hear(event, data, meta))
    return socket
  }

  /** Every notification ends with `{ seq }`. */
  #hear(event: string, data: { action?: string; message?: string }, meta?: { seq: number }): void {
    if (!meta) return
    this.seq = meta.seq
    this.heard.note(meta.seq, event === 'text' ? Number(data.message) : undefined)
    if (event === 'participant' && data.action === 'leave') {
      this.heard.incidents.push(`${this.name} saw somebody leave`)
    }
  }

  async #ask(event: string, data: object): Promise<{ [field: string]: unknown }> {
    const answer = new Promise<{ [field: string]: unknown }>((resolve, reject) => {
      this.#socket.emit(event, data, (status: string, reply: { [field: string]: unknown } | string) => {
        if (typeof reply === 'object') resolve(reply)
        else reject(new Error(`${event} of ${this.name} was answered ${status}: ${reply}`))
      })
    })
    const lost = this.lost.then((reason): never => {
      throw new Error(`The connection of ${this.name} was lost before ${event} was answered: ${reason}`)
    })
    return Promise.race([answer, lost])
  }
}

/** Nodes give tokens to whoever asks while they are in development. */
async function tokenFor({ url }: Place, claims: { room: string; user: string; role: string }): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}/tokens/`, { method: 'POST', headers, body: JSON.stringify(claims) })
  if (!response.ok) throw new Error(`No token from ${url}: HTTP ${response.status}`)
  return response.text()
}
