import type { Entry, Member, ParticipantNews, PermissionNews, RoomId } from '../model.ts'
import type { Connection, Flight } from '../ports/connection.ts'
import type { Mark, Place, Vouch, Write } from '../ports/session-store.ts'
import type { Feed } from '../room/feed.ts'
import { type IssuedTickets, withConfirmed } from './issued-tickets.ts'

export type SessionStart = {
  /** The namespace that the client came through. */
  dialect: string
  member: Member
  place: Place
  token: { id: string; seconds: number }
  tickets: IssuedTickets
  /** The client is known to have a ticket. */
  proven: boolean
  /** The last `rid` that was done. */
  rid: number
  /** The room's seq at which messages start for this connection. */
  from: number
  /** At-most-once entries up to here are left out. */
  doubt: number
}

/** One participant's connection on this node: from login or relogin until the connection is lost or taken over. */
export class Session {
  readonly dialect: string
  readonly place: Place
  readonly token: { id: string; seconds: number }
  readonly connection: Connection
  tickets: IssuedTickets
  #proven: boolean
  #confirmed: string | undefined
  readonly #feed: Feed
  #member: Member
  readonly #start: { from: number; doubt: number }
  readonly #flight: Flight | undefined
  #noted: number
  #operations = 0
  #rid: number
  #ended = false
  #cursor: number
  #aboard = false
  #stopped = false
  #gone = false
  #forgetLoss: (() => void) | undefined

  constructor(start: SessionStart, connection: Connection, feed: Feed) {
    this.dialect = start.dialect
    this.#member = start.member
    this.place = start.place
    this.token = start.token
    this.tickets = start.tickets
    this.#proven = start.proven
    this.connection = connection
    this.#feed = feed
    this.#start = { from: start.from, doubt: start.doubt }
    this.#flight = connection.flight?.()
    this.#rid = start.rid
    this.#cursor = start.from
    this.#noted = start.from
  }

  get id(): string {
    return this.#member.id
  }

  /** As it stands now: management may change the permission at any time. */
  get member(): Member {
    return this.#member
  }

  describe(profile: Member['profile']): void {
    this.#member = { ...this.#member, profile }
  }

  get room(): RoomId {
    return this.place.room
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Whether the client is known to have a ticket. */
  get proven(): boolean {
    return this.#proven
  }

  /** The last of its tickets that the client is known to have received over this connection. */
  get confirmed(): string | undefined {
    return this.#confirmed
  }

  confirm(ticketId: string): void {
    this.#proven = true
    this.#confirmed = ticketId
    this.tickets = withConfirmed(this.tickets, ticketId)
  }

  /** The last seq up to which everything meant for this participant was handed to its connection. */
  get cursor(): number {
    return Math.min(this.#handed, (this.connection.firstHeld ?? Number.POSITIVE_INFINITY) - 1)
  }

  /** The same, with what the connection holds back until a request is answered. */
  get #handed(): number {
    return this.#aboard ? Math.max(this.#cursor, this.#feed.position) : this.#cursor
  }

  /** The last seq up to which the client is known to have everything, or says so itself when it comes back. */
  get certain(): number {
    return Math.min(this.cursor, (this.#flight?.oldest ?? Number.POSITIVE_INFINITY) - 1)
  }

  get mark(): Mark {
    return { cursor: this.certain, doubt: Math.max(this.cursor, this.#start.doubt) }
  }

  /** How far its client is known to have come since that was last asked; undefined: no further, or it will say so itself. */
  news(): number | undefined {
    const { certain } = this
    if (!this.#flight || certain <= this.#noted) return undefined
    this.#noted = certain
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
  async board(): Promise<void> {
    await this.#feed.attach(this, this.#start.from, () => this.#ended)
    this.#aboard = !this.#stopped
  }

  take(entry: Entry): void {
    // a connection that is closing sends what it has and takes no more: what it is not handed was not seen
    if (!this.connection.open) this.#stop(entry.seq - 1)
    if (this.#stopped) return
    this.#cursor = entry.seq
    // its own leaving, and what comes of that, is for the others
    this.#gone ||= isLeaveOf(entry, this.id)
    if (this.#gone) return
    if (entry.once && entry.seq <= this.#start.doubt) return
    if (entry.event === 'permission') this.#permit(entry.data as PermissionNews)
    else this.#deliver(entry)
  }

  /** @throws what the connection throws: this entry was not handed over, and no later one is */
  #deliver(entry: Entry): void {
    try {
      this.connection.deliver(entry, this.#aboard, this.#flight)
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
    if (!this.#stopped && this.#flight?.oldest !== undefined) this.#flight.prompt(progressed)
  }

  /** Hands over nothing more. Resolves when the client is known to have everything before. */
  async halt(): Promise<void> {
    this.#stop(this.#handed)
    const flight = this.#flight
    const isLevel = () => flight?.oldest === undefined && this.connection.firstHeld === undefined
    if (!flight || isLevel()) return
    await new Promise<void>((resolve) => {
      const wait = () => {
        if (isLevel()) resolve()
        else flight.prompt(wait)
      }
      flight.prompt(wait)
    })
  }

  lost(): void {
    this.#stop()
    this.connection.cut()
  }

  /** Nothing more is handed over: what the feed goes on to hand to others does not move the cursor. */
  #stop(cursor = this.cursor): void {
    if (this.#stopped) return
    this.#cursor = cursor
    this.#aboard = false
    this.#stopped = true
  }

  /** What this node knows of the place, for a store that may have lost it. */
  vouch(reconnects: boolean): Vouch {
    const { place, member, token, tickets, proven } = this
    const reached = this.#feed.position
    const flow = { joined: this.#start.from, cursor: this.certain, rid: this.#rid, reached }
    return { place, member, tickets, proven, token, reconnects, ...flow }
  }

  /** A write by this participant, to be done once however often it is sent to the store. */
  write(request?: { rid: number; reply?: unknown }): Write {
    this.#operations += 1
    return { place: this.place, op: `${this.place.owner}.${this.#operations}`, cursor: this.certain, ...request }
  }

  /** Whether a request with this `rid` may have been done before, as far as this node can tell without the store. */
  seen(rid: number): boolean {
    return rid <= this.#rid
  }

  done(rid: number): void {
    this.#rid = Math.max(this.#rid, rid)
  }

  /** Stops the flow of messages. True the first time. */
  end(): boolean {
    if (this.#ended) return false
    this.#stop()
    this.#ended = true
    this.#forgetLoss?.()
    this.#flight?.end()
    this.#feed.detach(this)
    return true
  }
}

function isLeaveOf({ event, data }: Entry, id: string): boolean {
  if (event !== 'participant') return false
  const { action, member } = data as ParticipantNews
  return action === 'leave' && member.id === id
}
