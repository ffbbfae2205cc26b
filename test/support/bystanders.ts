import { io, type Socket } from 'socket.io-client'
import { writeToken } from '../../src/core/auth/tokens.ts'
import type { Access } from './abuse/attacker.ts'

/** `refused`: the codes of refused messages. `times`: from sending a message to its ack, ms. */
export type Observed = { sent: number; acked: number; refused: string[]; received: number[]; times: number[] }

/** Two well-behaved clients during an attack: one sends a number every `everyMs` ms, the other receives it. */
export class Bystanders {
  readonly #ann: Socket
  readonly #bob: Socket
  readonly #to: string
  #observed: Observed = { sent: 0, acked: 0, refused: [], received: [], times: [] }
  readonly #everyMs: number
  #timer: NodeJS.Timeout | undefined

  static async enter(target: Access, everyMs = 40): Promise<Bystanders> {
    const [ann] = await member(target, 'ann')
    const [bob, id] = await member(target, 'bob')
    return new Bystanders(ann, bob, id, everyMs)
  }

  constructor(ann: Socket, bob: Socket, to: string, everyMs: number) {
    this.#ann = ann
    this.#bob = bob
    this.#to = to
    bob.on('text', ({ message }: { message: string }) => this.#observed.received.push(Number(message)))
    this.#everyMs = everyMs
    this.startSending()
  }

  /** Sends the first number at once, so that even the shortest attack is observed. */
  startSending(): void {
    this.#send()
    this.#timer = setInterval(() => this.#send(), this.#everyMs)
  }

  /** Resolves when each sent message is acked or refused, and the acked ones have arrived. */
  async stopSending(): Promise<void> {
    clearInterval(this.#timer)
    await this.#allAnswered()
  }

  /** Resolves to the observations since the last call, when each sent message is acked or refused and the acked ones have arrived. */
  async takeObserved(): Promise<Observed> {
    const observed = this.#observed
    await this.#allAnswered()
    this.#observed = { sent: 0, acked: 0, refused: [], received: [], times: [] }
    return observed
  }

  leave(): void {
    clearInterval(this.#timer)
    this.#ann.disconnect()
    this.#bob.disconnect()
  }

  async #allAnswered(): Promise<void> {
    const observed = this.#observed
    while (observed.acked + observed.refused.length < observed.sent || observed.received.length < observed.acked) {
      if (!this.#ann.connected || !this.#bob.connected) throw new Error('The node disconnected a bystander')
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  #send(): void {
    const observed = this.#observed
    const sentAt = performance.now()
    this.#ann.emit(
      'text',
      { to: this.#to, message: String(observed.sent) },
      (status: string, _message: string, error?: { code: string }) => {
        if (status !== 'ok') {
          observed.refused.push(error?.code ?? status)
          return
        }
        observed.acked += 1
        observed.times.push(performance.now() - sentAt)
      },
    )
    observed.sent += 1
  }
}

async function member({ url, secret }: Access, user: string): Promise<[Socket, string]> {
  const socket = io(url, { transports: ['websocket'], forceNew: true, reconnection: false })
  const claims = { room: 'bystanders', user, role: 'presenter' }
  const token = writeToken([secret], claims, { host: 'localhost', secure: false }, Date.now() + 60_000)
  const login = { token, userAgent: { sdk: { type: 'JavaScript', version: '5.0' } }, protocol: '1.2' }
  const [status, data] = await new Promise<[string, { id: string }]>((resolve) =>
    socket.emit('login', login, (...ack: [string, { id: string }]) => resolve(ack)),
  )
  if (status !== 'ok') throw new Error(`login: ${String(data)}`)
  return [socket, data.id]
}
