import type { Entry, Member, ParticipantEntryData, PermissionEntryData, RoomId } from '../model.ts'
import type { DeliveryTracker, SessionConnection } from '../ports/connection.ts'
import type { DeliveryState, SessionBackup, SessionRef, Write } from '../ports/session-store.ts'
import type { Feed } from '../room/feed.ts'
import type { IssuedTickets } from './issued-tickets.ts'
import { SessionTickets } from './session-tickets.ts'

export type SessionStart = {
  /** The dialect that the client uses. */
  dialect: string
  member: Member
  ref: SessionRef
  token: { id: string; seconds: number }
  tickets: IssuedTickets
  /** Whether the client is known to have one of the tickets. */
  ticketConfirmed: boolean
  /** The highest `rid` of a request that was performed; 0: none. */
  rid: number
  /** The seq after which delivery starts on this connection. */
  deliverAfter: number
  /** At-most-once entries up to this seq are omitted: the client may have received them. */
  inDoubtUpTo: number
}

/**
 * `replay`: missed entries are delivered, or will be. `live`: entries are delivered as they are appended. `stopped`: nothing
 * more is delivered. `ended`: this node does not have the session any more.
 */
type DeliveryStage = 'replay' | 'live' | 'stopped' | 'ended'

/** A session on this node, from its login or resume until the connection is lost or another one takes over. */
export class Session {
  readonly dialect: string
  readonly ref: SessionRef
  readonly token: { id: string; seconds: number }
  readonly connection: SessionConnection
  readonly tickets: SessionTickets
  readonly #feed: Feed
  #member: Member
  readonly #start: { deliverAfter: number; inDoubtUpTo: number }
  readonly #inFlight: DeliveryTracker | undefined
  #recordedSeq: number
  #operations = 0
  #rid: number
  #stage: DeliveryStage = 'replay'
  /** The last entry that the feed passed to this session; after the stop, the last entry that was sent. */
  #receivedSeq: number
  /** Its own leave was delivered: later entries are for the other participants. */
  #left = false
  #unsubscribeLoss: (() => void) | undefined

  constructor(start: SessionStart, connection: SessionConnection, feed: Feed) {
    this.dialect = start.dialect
    this.#member = start.member
    this.ref = start.ref
    this.token = start.token
    this.tickets = new SessionTickets(start.tickets, start.ticketConfirmed)
    this.connection = connection
    this.#feed = feed
    this.#start = { deliverAfter: start.deliverAfter, inDoubtUpTo: start.inDoubtUpTo }
    this.#inFlight = connection.trackDelivery?.()
    this.#rid = start.rid
    this.#receivedSeq = start.deliverAfter
    this.#recordedSeq = start.deliverAfter
  }

  get id(): string {
    return this.#member.id
  }

  /** The current one: management can change the permission at any time. */
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
    return this.#stage === 'ended'
  }

  /** Every entry for this participant up to this seq was sent. */
  get sentSeq(): number {
    return Math.min(this.#deliveredSeq, (this.connection.firstHeld ?? Number.POSITIVE_INFINITY) - 1)
  }

  /** As `sentSeq`, but includes entries that the connection holds until it has sent the ack of a request. */
  get #deliveredSeq(): number {
    return this.#stage === 'live' ? Math.max(this.#receivedSeq, this.#feed.position) : this.#receivedSeq
  }

  /** The client is known to have every entry up to this seq, or names the seq itself when it resumes. */
  get confirmedSeq(): number {
    return Math.min(this.sentSeq, (this.#inFlight?.oldest ?? Number.POSITIVE_INFINITY) - 1)
  }

  get deliveryState(): DeliveryState {
    return { confirmed: this.confirmedSeq, sent: Math.max(this.sentSeq, this.#start.inDoubtUpTo) }
  }

  /** The seq up to which the client has newly confirmed entries since the last call; undefined: none, or the client names it itself. */
  takeNewlyConfirmed(): number | undefined {
    const { confirmedSeq } = this
    if (!this.#inFlight || confirmedSeq <= this.#recordedSeq) return undefined
    this.#recordedSeq = confirmedSeq
    return confirmedSeq
  }

  /**
   * Ties the session to its connection: `lost` is called when the connection is lost, unless the session has ended.
   * @returns false if the connection is lost already
   */
  bindConnection(lost: () => void): boolean {
    this.#unsubscribeLoss = this.connection.onLost(lost)
    return this.connection.open
  }

  /** Delivers missed entries, then live ones. Call it after the ack of login or relogin was sent. */
  async startDelivery(): Promise<void> {
    await this.#feed.addReceiver(this, this.#start.deliverAfter, () => this.ended)
    if (this.#stage === 'replay') this.#stage = 'live'
  }

  receive(entry: Entry): void {
    // a closing connection sends what it has and accepts no more: the client does not receive this entry
    if (!this.connection.open) this.#stop(entry.seq - 1)
    if (this.#isStopped) return
    this.#receivedSeq = entry.seq
    this.#left ||= isLeaveOf(entry, this.id)
    if (this.#left) return
    if (entry.once && entry.seq <= this.#start.inDoubtUpTo) return
    if (entry.event === 'permission') this.#permit(entry.data as PermissionEntryData)
    else this.#deliver(entry)
  }

  /** @throws what the connection throws: this entry was not delivered, and no later one is */
  #deliver(entry: Entry): void {
    try {
      this.connection.deliver(entry, this.#stage === 'live', this.#inFlight)
    } catch (error) {
      this.#stop(entry.seq - 1)
      throw error
    }
  }

  /** A replayed change may be older than the permission with which the session was resumed. */
  #permit({ permission, changes }: PermissionEntryData): void {
    if (changes > (this.#member.changes ?? 0)) this.#member = { ...this.#member, permission, changes }
  }

  writable(): Promise<void> | undefined {
    return this.connection.writable?.()
  }

  /**
   * The client has sent a request, which may be its answer to an entry. Asks the client for a confirmation without delay, and calls
   * `onProgress` each time that it has confirmed more.
   */
  requestConfirmation(onProgress: () => void): void {
    if (!this.#isStopped && this.#inFlight?.oldest !== undefined) this.#inFlight.requestConfirmation(onProgress)
  }

  /** Stops delivery. Resolves when the client has confirmed everything that was sent. */
  async stopAndConfirm(): Promise<void> {
    this.#stop(this.#deliveredSeq)
    const inFlight = this.#inFlight
    const allConfirmed = () => inFlight?.oldest === undefined && this.connection.firstHeld === undefined
    if (!inFlight || allConfirmed()) return
    await new Promise<void>((resolve) => {
      const wait = () => {
        if (allConfirmed()) resolve()
        else inFlight.requestConfirmation(wait)
      }
      inFlight.requestConfirmation(wait)
    })
  }

  get #isStopped(): boolean {
    return this.#stage === 'stopped' || this.#stage === 'ended'
  }

  entryMissed(): void {
    this.#stop()
    this.connection.cut()
  }

  /** After this, entries that the feed delivers to other sessions do not move `sentSeq` of this one. */
  #stop(sent = this.sentSeq): void {
    if (this.#isStopped) return
    this.#receivedSeq = sent
    this.#stage = 'stopped'
  }

  /** What this node knows of the session, for a store that may have lost it. */
  backup(reconnects: boolean): SessionBackup {
    const { ref, member, token } = this
    const { valid: tickets, ticketConfirmed } = this.tickets
    const delivery = {
      joined: this.#start.deliverAfter,
      confirmed: this.confirmedSeq,
      feedPosition: this.#feed.position,
    }
    return { ref, member, tickets, ticketConfirmed, token, reconnects, rid: this.#rid, ...delivery }
  }

  /** A write of this participant. The store performs it once, however often it receives it. */
  nextWrite(request?: { rid: number; reply?: unknown }): Write {
    this.#operations += 1
    return { ref: this.ref, op: `${this.ref.owner}.${this.#operations}`, confirmed: this.confirmedSeq, ...request }
  }

  /** Whether a request with this `rid` may have run already. Only the store knows for certain. */
  mayHaveRun(rid: number): boolean {
    return rid <= this.#rid
  }

  recordRid(rid: number): void {
    this.#rid = Math.max(this.#rid, rid)
  }

  /** Stops delivery. @returns true the first time */
  end(): boolean {
    if (this.ended) return false
    this.#stop()
    this.#stage = 'ended'
    this.#unsubscribeLoss?.()
    this.#inFlight?.end()
    this.#feed.removeReceiver(this)
    return true
  }
}

function isLeaveOf({ event, data }: Entry, id: string): boolean {
  if (event !== 'participant') return false
  const { action, member } = data as ParticipantEntryData
  return action === 'leave' && member.id === id
}
