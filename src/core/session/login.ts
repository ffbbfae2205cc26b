import type { Claims } from '../auth/tokens.ts'
import type { Timing } from '../deadline.ts'
import { SignalError } from '../errors.ts'
import { newId } from '../ids.ts'
import { type Member, type ParticipantId, type RoomId, type RoomOptions, type Roster, roomIdOf } from '../model.ts'
import type { SessionConnection } from '../ports/connection.ts'
import type { JoinRequest, SessionRef } from '../ports/session-store.ts'
import type { Store } from '../ports/store.ts'
import type { Session } from './session.ts'
import type { SessionOpener } from './session-opener.ts'
import type { SessionsConfig, SessionsEvents } from './sessions-config.ts'
import type { Takeover } from './takeover.ts'
import type { TicketIssuer } from './ticket-issuer.ts'

export type LoginRequest = Timing & {
  connection: SessionConnection
  dialect: string
  claims: Claims
  /** What the dialect keeps of the participant. */
  profile: Member['profile']
  /** The participant's id; without it, a new one. */
  id?: ParticipantId
}

export type AcceptedLogin = { session: Session; seq: number; roster: Roster; options: RoomOptions; ticket: string }

export type LoginDeps = {
  store: Store
  config: SessionsConfig
  opener: SessionOpener
  takeover: Takeover
  tickets: TicketIssuer
  events: Pick<SessionsEvents, 'occupancyMayHaveChanged'>
}

/** Lets a new participant into a room. */
export class Login {
  readonly #deps: LoginDeps

  constructor(deps: LoginDeps) {
    this.#deps = deps
  }

  /** @throws too_many_rooms, invalid_role, room_full, token_used, token_expired, early_left, unavailable */
  async login(request: LoginRequest): Promise<AcceptedLogin> {
    const { store, config, events } = this.#deps
    const room = roomIdOf(request.dialect, request.claims.room)
    if (config.maxRooms > 0) await store.roomIndex.registerWithin(room, config.maxRooms)
    try {
      return await this.#join(room, request)
    } catch (error) {
      events.occupancyMayHaveChanged?.(room) // the room was registered, and may be empty
      throw error
    }
  }

  async #join(room: RoomId, request: LoginRequest): Promise<AcceptedLogin> {
    const { store, opener, takeover, tickets } = this.#deps
    const { connection, dialect, deadline } = request
    const options = await store.rooms.options(room)
    const member = memberOf(request, options)
    const token = tokenUseOf(request.claims, store.clock.date())
    const ticketId = newId()
    const feed = await opener.subscribe(room)
    try {
      const joined = await store.sessionStore.join(this.#joinRequest({ room, member, token, ticketId, deadline }, feed))
      const { id, owner, previousOwner, seq, roster, rid = 0 } = joined
      const ref: SessionRef = { room, id, owner }
      if (previousOwner) await takeover.closePrevious({ ...ref, owner: previousOwner }, seq)
      const delivery = { rid, deliverAfter: seq, inDoubtUpTo: 0 }
      const issued = { tickets: { previous: '', issued: [ticketId] }, ticketConfirmed: false }
      const start = { dialect, member: { ...member, id }, ref, token, ...issued, ...delivery }
      const session = await opener.open(start, connection, feed, deadline)
      return { session, seq, roster, options, ticket: tickets.sign(dialect, ref, ticketId) }
    } catch (error) {
      await opener.abort({ room, ticketId, token: token.id }, deadline, error)
      throw error
    }
  }

  #joinRequest(
    request: Pick<JoinRequest, 'room' | 'member' | 'token' | 'ticketId' | 'deadline'>,
    feed: { position: number },
  ): JoinRequest {
    const { node, window, maxParticipants } = this.#deps.config
    return { ...request, node, reconnects: window > 0, maxParticipants, feedPosition: feed.position }
  }
}

/** @throws invalid_role */
function memberOf({ claims, profile, id = newId() }: LoginRequest, options: RoomOptions): Member {
  const role = options.roles.find(({ role }) => role === claims.role)
  if (!role) throw new SignalError('invalid_role')
  const { publish, subscribe } = role
  return { id, user: claims.user, role: claims.role, permission: { publish, subscribe }, profile }
}

/** How long the mark of a used token outlives the token, s, because clocks differ. */
export const tokenMarkMarginSeconds = 60

/** The use of a login token. The store remembers it until the token has expired. */
export function tokenUseOf({ tokenId, made, notAfter }: Claims, now: number): JoinRequest['token'] {
  const seconds = Math.max(1, Math.ceil((notAfter - now) / 1000)) + tokenMarkMarginSeconds
  return { id: tokenId, seconds, ...(made === undefined ? {} : { made }) }
}
