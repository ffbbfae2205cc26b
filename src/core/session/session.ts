import type { Entry, Member, ParticipantNews, PermissionNews, RoomId } from '../model.ts'
import type { DeliveryTracker, SessionConnection } from '../ports/connection.ts'
import type { DeliveryState, SessionRef, SessionSnapshot, Write } from '../ports/session-store.ts'
import type { Feed } from '../room/feed.ts'
import type { IssuedTickets } from './issued-tickets.ts'
import { SessionTickets } from './session-tickets.ts'

export type SessionStart = {
  /** The namespace that the client came through. */
  dialect: string
  member: Member
  ref: SessionRef
  token: { id: string; seconds: number }
  tickets: IssuedTickets
  /** Whether the client is known to have one of the tickets. */
  ticketConfirmed: boolean
  /** The highest `rid` of a request that was done; 0: none. */
  rid: number
  /** The room's seq at which messages start for this connection. */
  from: number
  /** At-most-once entries up to here are left out. */
  sent: number
}

/**
 * `replay`: missed entries are delivered, or will be. `live`: entries are delivered as they are appended. `stopped`: nothing
 * more is delivered. `ended`: this node does not have the session any more.
 */
type SessionPhase = 'replay' | 'live' | 'stopped' | 'ended'

/** One participant's connection on this node: from login or relogin until the connection is lost or taken over. */
export class Session {
  readonly dialect: string
  readonly ref: SessionRef
  readonly token: { id: string; seconds: number }
  readonly connection: SessionConnection
  readonly tickets: SessionTickets
  readonly #feed: Feed
  #member: Member
  readonly #start: { from: number; sent: number }
  readonly #inFlight: DeliveryTracker | undefined
  #savedSeq: number
  #operations = 0
  #rid: number
  #phase: SessionPhase = 'replay'
  #sentSeq: number
  /** Its own leave was delivered: what follows is for the other participants. */
  #left = false
  #forgetLoss: (() => void) | undefined

  constructor(start: SessionStart, connection: SessionConnection, feed: Feed) {
    this.dialect = start.dialect
    this.#member = start.member
    this.ref = start.ref
    this.token = start.token
    this.tickets = new SessionTickets(start.tickets, start.ticketConfirmed)
    this.connection = connection
    this.#feed = feed
    this.#start = { from: start.from, sent: start.sent }
    this.#inFlight = connection.inFlight?.()
    this.#rid = start.rid
    this.#sentSeq = start.from
    this.#savedSeq = start.from
  }

  get id(): string {
    return this.#member.id
  }

  /** As it stands now: management may change the permission at any time. */
  get member(): Member {
    return this.#member
  }

  setProfile(profile: Member['profile']): void {
    this.#member = { ...this.#member, profile }
  }

  get room(): RoomId {
    return this.ref.room
  }

  get ended(): boolean {
    return this.#phase === 'ended'
  }

  /** The last seq up to which everything meant for this participant was handed to its connection. */
  get sentSeq(): number {
    return Math.min(this.#handed, (this.connection.firstHeld ?? Number.POSITIVE_INFINITY) - 1)
  }

  /** The same, with what the connection holds back until a request is answered. */
  get #handed(): number {
    return this.#phase === 'live' ? Math.max(this.#sentSeq, this.#feed.position) : this.#sentSeq
  }

  /** The last seq up to which the client is known to have everything, or says so itself when it comes back. */
  get confirmedSeq(): number {
    return Math.min(this.sentSeq, (this.#inFlight?.oldest ?? Number.POSITIVE_INFINITY) - 1)
  }

  get deliveryState(): DeliveryState {
    return { confirmed: this.confirmedSeq, sent: Math.max(this.sentSeq, this.#start.sent) }
  }

  /** How far its client is known to have come since that was last asked; undefined: no further, or it will say so itself. */
  takeProgress(): number | undefined {
    const { confirmedSeq: certain } = this
    if (!this.#inFlight || certain <= this.#savedSeq) return undefined
    this.#savedSeq = certain
    return certain
  }

  /**
   * Ties the session to its connection: `lost` is called when that is lost, unless the session ends before.
   * @returns false if the connection was lost already
   */
  attach(lost: () => void): boolean {
    this.#forgetLoss = this.connection.onLost(lost)
    return this.connection.open
  }

  /** Starts the flow of messages: those missed, then live ones. Called after the ack of login or relogin was sent. */
  async startDelivery(): Promise<void> {
    await this.#feed.attach(this, this.#start.from, () => this.ended)
    if (this.#phase === 'replay') this.#phase = 'live'
  }

  take(entry: Entry): void {
    // a connection that is closing sends what it has and takes no more: what it is not handed was not seen
    if (!this.connection.open) this.#stop(entry.seq - 1)
    if (this.#isStopped) return
    this.#sentSeq = entry.seq
    this.#left ||= isLeaveOf(entry, this.id)
    if (this.#left) return
    if (entry.once && entry.seq <= this.#start.sent) return
    if (entry.event === 'permission') this.#permit(entry.data as PermissionNews)
    else this.#deliver(entry)
  }

  /** @throws what the connection throws: this entry was not handed over, and no later one is */
  #deliver(entry: Entry): void {
    try {
      this.connection.deliver(entry, this.#phase === 'live', this.#inFlight)
    } catch (error) {
      this.#stop(entry.seq - 1)
      throw error
    }
  }

  /** What is replayed may be older than what the place was taken with. */
  #permit({ permission, changes }: PermissionNews): void {
    if (changes > (this.#member.changes ?? 0)) this.#member = { ...this.#member, permission, changes }
  }

  drained(): Promise<void> | undefined {
    return this.connection.drained?.()
  }

  /**
   * The client has sent a request, which may answer what it has just received. Calls `progressed` each time that the client is
   * known to have received more of that.
   */
  prompt(progressed: () => void): void {
    if (!this.#isStopped && this.#inFlight?.oldest !== undefined) this.#inFlight.prompt(progressed)
  }

  /** Hands over nothing more. Resolves when the client is known to have everything before. */
  async halt(): Promise<void> {
    this.#stop(this.#handed)
    const inFlight = this.#inFlight
    const isLevel = () => inFlight?.oldest === undefined && this.connection.firstHeld === undefined
    if (!inFlight || isLevel()) return
    await new Promise<void>((resolve) => {
      const wait = () => {
        if (isLevel()) resolve()
        else inFlight.prompt(wait)
      }
      inFlight.prompt(wait)
    })
  }

  get #isStopped(): boolean {
    return this.#phase === 'stopped' || this.#phase === 'ended'
  }

  lost(): void {
    this.#stop()
    this.connection.cut()
  }

  /** Nothing more is handed over: what the feed goes on to hand to others does not move the cursor. */
  #stop(confirmed = this.sentSeq): void {
    if (this.#isStopped) return
    this.#sentSeq = confirmed
    this.#phase = 'stopped'
  }

  /** What this node knows of the place, for a store that may have lost it. */
  snapshot(reconnects: boolean): SessionSnapshot {
    const { ref, member, token } = this
    const { valid: tickets, confirmed: ticketConfirmed } = this.tickets
    const delivery = { joined: this.#start.from, confirmed: this.confirmedSeq, reached: this.#feed.position }
    return { ref, member, tickets, ticketConfirmed, token, reconnects, rid: this.#rid, ...delivery }
  }

  /** A write by this participant, to be done once however often it is sent to the store. */
  write(request?: { rid: number; reply?: unknown }): Write {
    this.#operations += 1
    return { ref: this.ref, op: `${this.ref.owner}.${this.#operations}`, confirmed: this.confirmedSeq, ...request }
  }

  /** Whether a request with this `rid` may have been done before, as far as this node can tell without the store. */
  mayHaveRun(rid: number): boolean {
    return rid <= this.#rid
  }

  recordRid(rid: number): void {
    this.#rid = Math.max(this.#rid, rid)
  }

  /** Stops the flow of messages. True the first time. */
  end(): boolean {
    if (this.ended) return false
    this.#stop()
    this.#phase = 'ended'
    this.#forgetLoss?.()
    this.#inFlight?.end()
    this.#feed.detach(this)
    return true
  }
}

function isLeaveOf({ event, data }: Entry, id: string): boolean {
  if (event !== 'participant') return false
  const { action, member } = data as ParticipantNews
  return action === 'leave' && member.id === id
}
