import type { Clock } from './clock.ts'
import { IceCredentials } from './ice-credentials.ts'
import type { Link } from './link.ts'
import type { OutgoingRequest } from './login-spec.ts'
import type { IceServer } from './mesh/rtc.ts'
import { type Limits, limitsOf } from './rate-limiter.ts'
import type { AskOverLink } from './request.ts'
import { Tickets } from './tickets.ts'

type ReloginReply = { ticket: string; seq: number; complete: boolean; room?: unknown; iceServers?: IceServer[] }

/** `isIncomplete`: missed notifications are lost, and `room` is a snapshot as of `seq`. */
export type ResumeResult = {
  seq: number
  isIncomplete: boolean
  room?: unknown
  iceServers?: IceServer[] | undefined
  limits: Limits | undefined
}

/** What a login got. `goodbye` is the request that ends the session. */
export type NewSession = { ticket: string; seq: number; iceServers?: IceServer[] | undefined; goodbye: OutgoingRequest }

/** The data of a session that outlive its connections: tickets, ICE servers, the last `seq`, and the goodbye. */
export class Membership {
  readonly tickets: Tickets
  readonly ice = new IceCredentials()
  /** The request that ends the session. */
  readonly goodbye: OutgoingRequest
  /** The number of the last notification that was delivered. */
  seq: number
  readonly #clock: Clock
  #end: 'left' | 'lost' | undefined

  constructor({ ticket, seq, iceServers, goodbye }: NewSession, clock: Clock) {
    this.tickets = new Tickets(ticket, clock.now())
    if (iceServers) this.ice.take(iceServers, ticket, clock.now())
    this.goodbye = goodbye
    this.seq = seq
    this.#clock = clock
  }

  get ended(): boolean {
    return this.#end !== undefined
  }

  get expired(): boolean {
    return this.#clock.now() > this.tickets.expiresAt
  }

  /** @param how `left`: with a goodbye, which may not have arrived */
  end(how: 'left' | 'lost'): void {
    this.#end ??= how
  }

  /**
   * Resumes on another connection; `resumed` is called in the same step in which the ack is read. False if the membership has
   * ended meanwhile. @throws SignalboxError timeout, lost, or as the server refuses
   */
  async resume(link: Link, ask: AskOverLink, resumed: (how: ResumeResult) => void): Promise<boolean> {
    const [ticketSent, seqSent] = [this.tickets.current, this.seq]
    const read = (data: unknown) => {
      if (this.ended) return false
      const { ticket, complete, ...reply } = data as ReloginReply
      this.tickets.replace(ticket, ticketSent, this.#clock.now())
      if (reply.iceServers) this.ice.take(reply.iceServers, ticket, this.#clock.now())
      // the room was recreated if its `seq` is below the last one that this client received
      resumed({ ...reply, limits: limitsOf(data), isIncomplete: !complete || reply.seq < seqSent })
      return true
    }
    const inTime = await ask(link, { event: 'relogin', args: [{ ticket: ticketSent, seq: seqSent }], read })
    if (!inTime && this.#end === 'left') await ask(link, { ...this.goodbye, read: () => {} })
    return inTime
  }
}
