import { isAway } from '../attempts.ts'
import type { Keyring } from '../auth/keyring.ts'
import { readTicket, writeTicket } from '../auth/tickets.ts'
import type { Claims } from '../auth/tokens.ts'
import { inBackground } from '../background.ts'
import { type Deadline, isPast, newDeadline, type Timing } from '../deadline.ts'
import { type ErrorCode, Overtaken, SignalError } from '../errors.ts'
import { newId } from '../ids.ts'
import {
  type Draft,
  type Member,
  type ParticipantId,
  type RoomId,
  type RoomOptions,
  type Roster,
  roomIdOf,
  roomName,
} from '../model.ts'
import type { SessionConnection } from '../ports/connection.ts'
import { generationOf, nodeOf } from '../ports/handover.ts'
import type {
  DeliveryState,
  LeaveReason,
  ParticipantRef,
  PendingJoin,
  Resumed,
  SessionRef,
  Write,
} from '../ports/session-store.ts'
import type { State } from '../ports/state.ts'
import type { Feed } from '../room/feed.ts'
import type { Feeds } from '../room/feeds.ts'
import { Disconnections } from './disconnections.ts'
import { runOnce } from './idempotency.ts'
import { newestTicket, withConfirmed, withRenewed } from './issued-tickets.ts'
import { Session } from './session.ts'
import { SessionRestore } from './session-restore.ts'

export type SessionsConfig = {
  node: string
  keys: Keyring
  /** Seconds. */
  tokenTtl: number
  ticketTtl: number
  window: number
  /** How many rooms there may be, and participants in any of them; 0: no limit. */
  maxRooms: number
  maxParticipants: number
}

export type SessionsEvents = {
  left?: (reason: LeaveReason, who: ParticipantRef) => void
  failed?: (error: unknown) => void
  /** The store answers with errors for a participant, time after time: it is not tried any more. */
  givenUp?: (who: ParticipantRef, error: unknown) => void
  /** Someone came back, and the log had not kept all that was missed. */
  incomplete?: () => void
  /** Somebody has come into a room, is back in it, or has left it. */
  occupancyChanged?: (room: RoomId) => void
  /** A place was taken over from a connection that may still stand: if that is not here, it has to be closed yet. */
  takenOver?: (ref: SessionRef, here: boolean) => void
}

export type LoggedIn = { session: Session; seq: number; roster: Roster; options: RoomOptions; ticket: string }

export type ReloggedIn = {
  session: Session
  ticket: string
  seq: number
  complete: boolean
  /** How things stand, when what was missed can not be told. */
  snapshot?: { roster: Roster; options: RoomOptions }
  /** Which node held the participant before. */
  from: 'same_node' | 'other_node'
}

/** Login, relogin and leaving, the same for every dialect (docs/protocol.md#session-verbs). */
export class Sessions {
  readonly #state: State
  readonly #feeds: Feeds
  readonly #config: SessionsConfig
  readonly #events: SessionsEvents
  readonly #here = new Map<string, Session>()
  readonly disconnections: Disconnections
  readonly #restore: SessionRestore

  constructor(state: State, feeds: Feeds, config: SessionsConfig, events: SessionsEvents) {
    this.#state = state
    this.#feeds = feeds
    this.#config = config
    this.#events = events
    this.disconnections = new Disconnections(state, { ...events, left: (reason, who) => this.#tellLeft(who, reason) })
    this.#restore = new SessionRestore(state, this.disconnections, this.reconnects, {
      restored: (room) => events.occupancyChanged?.(room),
      givenUp: (session, error) => this.#giveUp(session, error),
    })
  }

  /** Whether a lost participant keeps its place for a time. */
  get reconnects(): boolean {
    return this.#config.window > 0
  }

  get all(): Session[] {
    return [...this.#here.values()]
  }

  /**
   * Enters a room. Nothing is delivered before `session.board()`.
   * @param id of the participant, where it is known beforehand
   * @throws invalid_role, room_full, token_used, token_expired (the room was closed since), early_left, unavailable
   */
  async login(
    connection: SessionConnection,
    dialect: string,
    claims: Claims,
    profile: Member['profile'],
    timing: Timing,
    id: ParticipantId = newId(),
  ): Promise<LoggedIn> {
    const room = roomIdOf(dialect, claims.room)
    const { maxRooms } = this.#config
    if (maxRooms > 0) await this.#state.rooms.registerWithin(room, maxRooms)
    try {
      return await this.#enter(connection, dialect, room, claims, profile, timing, id)
    } catch (error) {
      this.#events.occupancyChanged?.(room) // it was counted, and may be empty
      throw error
    }
  }

  async #enter(
    connection: SessionConnection,
    dialect: string,
    room: RoomId,
    claims: Claims,
    profile: Member['profile'],
    { deadline }: Timing,
    id: ParticipantId,
  ): Promise<LoggedIn> {
    const { maxParticipants } = this.#config
    const options = await this.#state.rooms.options(room)
    const role = options.roles.find(({ role }) => role === claims.role)
    if (!role) throw new SignalError('invalid_role')
    const { publish, subscribe } = role
    const member: Member = {
      id,
      user: claims.user,
      role: claims.role,
      permission: { publish, subscribe },
      profile,
    }
    const token = tokenOf(claims, this.#state.clock.date())
    const ticketId = newId()
    return this.#withPlace({ room, ticketId, token: token.id }, deadline, async (feed) => {
      const { node } = this.#config
      const limits = { reconnects: this.reconnects, maxParticipants }
      const request = { room, member, node, token, ticketId, ...limits, reached: feed.position }
      const joined = await this.#state.sessionStore.join({ ...request, deadline })
      const id = joined.id
      const ref: SessionRef = { room, id, owner: joined.owner }
      if (joined.previousOwner) await this.#takeOver({ ...ref, owner: joined.previousOwner }, joined.seq)
      const start = {
        dialect,
        member: { ...member, id },
        ref,
        token,
        tickets: { previous: '', issued: [ticketId] },
        proven: false,
        rid: joined.rid ?? 0,
        from: joined.seq,
        sent: 0,
      }
      const session = await this.#begin(new Session(start, connection, feed), deadline)
      return {
        session,
        seq: joined.seq,
        roster: joined.roster,
        options,
        ticket: this.#ticket(dialect, ref, ticketId),
      }
    })
  }

  /**
   * Takes the participant's place on this connection, whichever node held it.
   * @param seq the last one seen, when the client can say
   * @throws bad_ticket, ticket_signature, ticket_foreign, ticket_expired, ticket_spent, participant_gone,
   *   reconnection_disabled, early_left, unavailable
   */
  async relogin(
    connection: SessionConnection,
    dialect: string,
    text: unknown,
    seq: number | undefined,
    timing: Timing,
  ): Promise<ReloggedIn> {
    const { earliest, latest } = this.#state.clock.bounds(this.#config.ticketTtl * 1000)
    const ticket = readTicket(this.#config.keys, dialect, text, earliest, latest)
    const { participantId: id, ticketId } = ticket
    const room = roomIdOf(dialect, ticket.roomId)
    const { node } = this.#config
    const said = { ...(seq === undefined ? {} : { seq }), deadline: timing.deadline }
    return this.#takePlace(connection, dialect, { room, id, ticketId }, seq, timing, (nextTicketId) =>
      this.#state.sessionStore.resume({ room, id, node, ticketId, nextTicketId, ...said }),
    )
  }

  /**
   * Enters a room under an id that the client names: takes the place that is still there, with the messages that were held
   * for it, or a new one. Two devices may do so at the same time: each gets the place, and the last one keeps it.
   * @throws as login
   */
  async joinOrResume(
    connection: SessionConnection,
    dialect: string,
    claims: Claims,
    id: ParticipantId,
    timing: Timing,
  ): Promise<{ session: Session }> {
    try {
      return await this.#joinOrResume(connection, dialect, claims, id, timing)
    } catch (error) {
      // a login of a connection that is gone must not win; this client still waits, so its login counts from now
      if (!(error instanceof Overtaken && connection.open)) throw error
      return this.#joinOrResume(connection, dialect, claims, id, { ...timing, deadline: newDeadline() })
    }
  }

  async #joinOrResume(
    connection: SessionConnection,
    dialect: string,
    claims: Claims,
    id: ParticipantId,
    timing: Timing,
  ): Promise<{ session: Session }> {
    const room = roomIdOf(dialect, claims.room)
    const token = tokenOf(claims, this.#state.clock.date())
    const { node } = this.#config
    const { deadline } = timing
    const rejoin = () =>
      this.#takePlace(connection, dialect, { room, id }, undefined, timing, (ticketId) =>
        this.#state.sessionStore.rejoin({ room, id, node, token, ticketId, deadline }),
      )
    const unless = (code: ErrorCode, error: unknown) => {
      if (!(error instanceof SignalError && error.code === code)) throw error
    }
    try {
      return await rejoin()
    } catch (error) {
      unless('participant_gone', error)
    }
    try {
      return await this.login(connection, dialect, claims, {}, timing, id)
    } catch (error) {
      unless('token_used', error)
      // the same user has come in elsewhere at the same time, or the token really is used
      return rejoin().catch((second: unknown) => {
        unless('participant_gone', second)
        throw error
      })
    }
  }

  /** What relogin and coming back have in common: `take` asks the state for the place, with the id of the next ticket. */
  async #takePlace(
    connection: SessionConnection,
    dialect: string,
    { room, id, ticketId: previous = '' }: Pick<SessionRef, 'room' | 'id'> & { ticketId?: string },
    seq: number | undefined,
    { deadline }: Timing,
    take: (nextTicketId: string) => Promise<Resumed>,
  ): Promise<ReloggedIn> {
    const nextTicketId = newId()
    return this.#withPlace({ room, ticketId: nextTicketId, id }, deadline, async (feed) => {
      const resumed = await take(nextTicketId)
      if (!resumed.complete) this.#events.incomplete?.()
      const options = resumed.complete ? undefined : await this.#state.rooms.options(room)
      const ref: SessionRef = { room, id, owner: resumed.owner }
      const deliveryState =
        resumed.previousOwner && (await this.#takeOver({ ...ref, owner: resumed.previousOwner }, seq))
      const { from, sent } = deliveryState
        ? { from: Math.max(resumed.from, deliveryState.confirmed), sent: deliveryState.sent }
        : resumed
      const token = { id: resumed.tokenId, seconds: this.#config.tokenTtl + 60 }
      const { member, rid } = resumed
      const tickets = { previous, issued: [nextTicketId] }
      const start = { dialect, member, ref, token, tickets, proven: true, rid, from, sent }
      const session = await this.#begin(new Session(start, connection, feed), deadline)
      return {
        session,
        ticket: this.#ticket(dialect, ref, nextTicketId),
        seq: from,
        complete: resumed.complete,
        ...(resumed.roster && options ? { snapshot: { roster: resumed.roster, options } } : {}),
        from: resumed.previousNode === this.#config.node ? 'same_node' : 'other_node',
      }
    })
  }

  /**
   * A new ticket; the one before stays good until this one is known to have arrived.
   * @throws reconnection_disabled, moved, unavailable
   */
  async refresh(session: Session, { deadline }: Timing): Promise<string> {
    if (!this.reconnects) throw new SignalError('reconnection_disabled')
    const ticketId = newId()
    const before = session.tickets
    session.tickets = withRenewed(before, ticketId)
    try {
      await this.#state.sessionStore.renewTicket(session.ref, ticketId, deadline)
    } catch (error) {
      session.tickets = withConfirmed(before, session.confirmedTicketId ?? '') // one may have been confirmed meanwhile
      throw error
    }
    return this.#ticket(session.dialect, session.ref, ticketId)
  }

  /**
   * A client enters the room again that it is in: nothing changes but its ticket.
   * @throws reconnection_disabled, moved, unavailable
   */
  async reenter(session: Session, timing: Timing): Promise<Pick<LoggedIn, 'roster' | 'ticket' | 'seq'>> {
    const roster = await this.#state.sessionStore.roster(session.room)
    const ticket = await this.refresh(session, timing)
    return { roster, ticket, seq: session.sentSeq }
  }

  /** The session's newest ticket with new dates. Nothing is written to the store. */
  repeatTicket(session: Session): string {
    return this.#ticket(session.dialect, session.ref, newestTicket(session.tickets))
  }

  /** The client is known to have this ticket: those issued before it are spent, and so is the login token. */
  async confirmTicket(session: Session, ticketId: string): Promise<void> {
    if (session.ended) return
    session.confirm(ticketId)
    try {
      await this.#state.sessionStore.confirmTicket(session.ref, session.token, ticketId)
    } catch (error) {
      this.#events.failed?.(error) // those before it stay good a little longer
    }
  }

  /** The participant goes, and the others are told. @throws moved, unavailable */
  async logout(session: Session, { deadline }: Timing = {}): Promise<void> {
    const { room, id, owner } = session.ref
    const left = await this.#state.sessionStore.leave(room, id, { owner }, undefined, deadline)
    if (left) this.#tellLeft({ room, id }, 'logout')
    await this.#unseat(session)
  }

  /** The connection is lost: the participant keeps its place for the window, if it has not moved already. */
  async detach(session: Session): Promise<void> {
    if (!this.#rise(session)) return
    const { ref, deliveryState } = session
    try {
      await this.disconnections.lost({ ref, deliveryState, vouch: session.snapshot(this.reconnects) })
    } finally {
      await this.#feeds.release(session.room)
    }
  }

  /** Takes a participant out, wherever it is; it is told `drop` and its connection ends. */
  async drop(room: RoomId, id: ParticipantId, { deadline }: Timing = {}): Promise<boolean> {
    const notifications: Draft = { event: 'drop', data: null, to: id }
    const left = await this.#state.sessionStore.leave(room, id, 'any', notifications, deadline)
    if (left) this.#tellLeft({ room, id }, 'dropped')
    return left
  }

  /**
   * Performs a request, once if it has a `rid`; resolves to its ack. Refused as another's, it is done all the same if that
   * is only because the store has lost its newest writes.
   * @throws what `perform` throws, bad_request
   */
  async runOnce(session: Session, rid: number | undefined, perform: () => Promise<unknown>): Promise<unknown> {
    session.prompt(() => this.#background(() => this.#noteOne(session)))
    const attempt = () => (rid === undefined ? perform() : runOnce(this.#state.log, session, rid, perform))
    try {
      return await attempt()
    } catch (error) {
      const moved = error instanceof SignalError && error.code === 'moved'
      if (!moved || session.ended || !(await this.restore(session))) throw error
      return attempt()
    }
  }

  /** Takes the place back that the store does not know to be this connection's. False if it has moved, or is left. */
  restore(session: Session): Promise<boolean> {
    return this.#restore.restore(session)
  }

  /** The store may have lost the newest writes of a room: makes sure that it knows everyone who is connected here. */
  async restoreRoom(room: RoomId): Promise<void> {
    const here = this.all.filter((session) => session.room === room && !session.ended)
    const results = await Promise.allSettled(here.map((session) => this.restore(session)))
    // whoever cannot be restored although the store answers keeps the others waiting no longer
    const away = results.find((result) => result.status === 'rejected' && isAway(result.reason))
    if (away?.status === 'rejected') throw away.reason
  }

  /** Leaves one room for another on the same connection. A store that is away is told later, by the window. */
  async leaveQuietly(session: Session): Promise<void> {
    try {
      await this.logout(session)
    } catch (error) {
      const moved = error instanceof SignalError && error.code === 'moved'
      if (!moved) this.#events.failed?.(error)
      await this.detach(session)
    }
  }

  /** Replaces what a dialect keeps of the participant. @throws moved, unavailable */
  async describe(session: Session, write: Write, profile: Member['profile']): Promise<void> {
    await this.#state.sessionStore.setProfile(write, profile)
    session.describe(profile)
  }

  /** A connection that is not the participant's any more: it ends, and nobody is seen leaving. */
  async supersede(session: Session): Promise<void> {
    if (!session.ended) this.disconnections.remember({ ref: session.ref, deliveryState: session.deliveryState })
    try {
      await this.#unseat(session)
    } finally {
      session.connection.close('displaced')
    }
  }

  /**
   * The connection of a place that was taken over ends.
   * @returns how far it came, also if it was lost by itself just now; undefined: nobody knows of it
   */
  onTakeover(ref: SessionRef): DeliveryState | undefined {
    const standing = this.find(ref)
    if (!standing) return this.disconnections.deliveryStateOf(ref)
    const { deliveryState } = standing // nothing is handed over any more
    this.#background(() => this.supersede(standing))
    return deliveryState
  }

  /**
   * Notes how far clients are known to have come, of those that came further since the last time. Resolves to whether
   * there was anything to note. @throws unavailable
   */
  async recordProgress(): Promise<boolean> {
    const moved = this.all.flatMap((session) => {
      const confirmed = session.takeProgress()
      return confirmed === undefined ? [] : [{ ref: session.ref, confirmed }]
    })
    if (moved.length === 0) return false
    await this.#state.sessionStore.states(
      moved.map(({ ref }) => ref),
      moved.map(({ confirmed }) => confirmed),
    )
    return true
  }

  /** Without delay: the client may have answered what it is now known to have, and the node may be killed. */
  async #noteOne(session: Session): Promise<void> {
    const confirmed = session.ended ? undefined : session.takeProgress()
    if (confirmed !== undefined) await this.#state.sessionStore.states([session.ref], [confirmed])
  }

  /** Every connection is about to be closed by this node itself. */
  async detachAll(): Promise<void> {
    await Promise.all(this.all.map((session) => this.detach(session)))
  }

  find(ref: SessionRef): Session | undefined {
    const session = this.#here.get(key(ref.room, ref.id))
    return session?.ref.owner === ref.owner ? session : undefined
  }

  #ticket(dialect: string, { room, id }: SessionRef, ticketId: string): string {
    const now = this.#state.clock.now()
    return writeTicket(this.#config.keys, dialect, {
      participantId: id,
      roomId: roomName(room),
      ticketId,
      notBefore: now,
      notAfter: now + this.#config.ticketTtl * 1000,
    })
  }

  /**
   * Takes a place and begins its session. If that fails after the store may have given the place, the place is given back.
   * The session's own use of the feed ends when it does: in `detach`, or in #unseat.
   */
  async #withPlace<T>(
    claim: PendingJoin,
    deadline: Deadline | undefined,
    enter: (feed: Feed) => Promise<T>,
  ): Promise<T> {
    const feed = await this.#feeds.use(claim.room)
    try {
      return await this.disconnections.claim(claim, deadline, () => enter(feed))
    } catch (error) {
      if (!(error instanceof SignalError && error.code === 'early_left')) await this.#feeds.release(claim.room)
      throw error
    }
  }

  /**
   * Begins a session and ties it to its connection in one step: whenever the connection is lost, the session is detached.
   * @throws early_left: the client has gone, or was refused, or a later claim has the place
   */
  async #begin(session: Session, deadline: Deadline | undefined): Promise<Session> {
    const ref = key(session.room, session.id)
    const before = this.#here.get(ref)
    if (before && generationOf(before.ref) > generationOf(session.ref)) {
      // two claims of the place at the same time: the store served the other later, and that began earlier here
      session.end()
      await this.#feeds.release(session.room)
      throw new SignalError('early_left')
    }
    this.#here.set(ref, session)
    const open = session.attach(() => this.#background(() => this.detach(session)))
    this.disconnections.resumedOrGone(session.ref)
    this.#events.occupancyChanged?.(session.room)
    if (before?.connection === session.connection) this.#background(() => this.#unseat(before))
    else if (before) this.#background(() => this.supersede(before))
    if (open && !isPast(deadline)) return session
    // a client that was refused and stays has no ticket to come back with
    await (open ? this.leaveQuietly(session) : this.detach(session))
    throw new SignalError('early_left')
  }

  #background(work: () => Promise<void>): void {
    inBackground(work, (error) => this.#events.failed?.(error))
  }

  #tellLeft(who: ParticipantRef, reason: LeaveReason): void {
    this.#events.left?.(reason, who)
    this.#events.occupancyChanged?.(who.room)
  }

  /** Its record in the store is broken: the client is cut from it, and may come back with its ticket or log in anew. */
  async #giveUp(session: Session, error: unknown): Promise<void> {
    this.#events.givenUp?.(session.ref, error)
    await this.#unseat(session)
    session.connection.cut()
  }

  async #unseat(session: Session): Promise<void> {
    if (this.#rise(session)) await this.#feeds.release(session.room)
  }

  /** The session is nobody's any more; what its place and its use of the feed come to is up to the caller. True the first time. */
  #rise(session: Session): boolean {
    if (!session.end()) return false
    const ref = key(session.room, session.id)
    if (this.#here.get(ref) === session) this.#here.delete(ref)
    return true
  }

  /** Ends the connection that held a place, wherever it is. Resolves to how far it came, where that matters and is known. */
  async #takeOver(ref: SessionRef, seq: number | undefined): Promise<DeliveryState | undefined> {
    const here = nodeOf(ref) === this.#config.node
    const known = this.onTakeover(ref)
    const deliveryState = known ?? (here || seq !== undefined ? undefined : await this.#state.handover.ask(ref))
    this.#events.takenOver?.(ref, here || deliveryState !== undefined)
    return seq === undefined ? deliveryState : undefined
  }
}

const key = (room: RoomId, id: ParticipantId) => `${room}|${id}`

/** How long a token is remembered: what is left of its life, and the time that clocks may be apart. */
function tokenOf({ tokenId, made, notAfter }: Claims, now: number): { id: string; seconds: number; made?: number } {
  const seconds = Math.max(1, Math.ceil((notAfter - now) / 1000)) + 60
  return { id: tokenId, seconds, ...(made === undefined ? {} : { made }) }
}
