import { readTicket } from '../auth/tickets.ts'
import type { Timing } from '../deadline.ts'
import { newId } from '../ids.ts'
import { type ParticipantId, type RoomId, type RoomOptions, type Roster, roomIdOf } from '../model.ts'
import type { SessionConnection } from '../ports/connection.ts'
import type { Resumed, SessionRef } from '../ports/session-store.ts'
import type { Store } from '../ports/store.ts'
import type { Feed } from '../room/feed.ts'
import { type LoginRequest, tokenMarkMarginSeconds, tokenUseOf } from './login.ts'
import type { Session } from './session.ts'
import type { SessionOpener } from './session-opener.ts'
import type { SessionsConfig, SessionsEvents } from './sessions-config.ts'
import type { Takeover } from './takeover.ts'
import type { TicketIssuer } from './ticket-issuer.ts'

export type ReloginRequest = Timing & {
  connection: SessionConnection
  dialect: string
  /** As the client sent it. */
  ticket: unknown
  /** The last seq that the client has seen, if it says so. */
  seq?: number | undefined
}

export type AcceptedRelogin = {
  session: Session
  ticket: string
  seq: number
  complete: boolean
  /** The state of the room, if the log had trimmed entries that the client missed. */
  snapshot?: { roster: Roster; options: RoomOptions }
  /** Which node had the session before. */
  resumedFrom: 'same_node' | 'other_node'
}

export type ResumeDeps = {
  store: Store
  config: SessionsConfig
  opener: SessionOpener
  takeover: Takeover
  tickets: TicketIssuer
  events: Pick<SessionsEvents, 'incomplete'>
}

/** A session to resume: `ticketId` is that of the ticket that the client has shown, if any. */
type ResumeTarget = { room: RoomId; id: ParticipantId; ticketId?: string; seq?: number | undefined }

/** Continues a session on a new connection, whichever node had it. */
export class Resume {
  readonly #deps: ResumeDeps

  constructor(deps: ResumeDeps) {
    this.#deps = deps
  }

  /**
   * Resumes a session with a reconnection ticket.
   * @throws bad_ticket, ticket_signature, ticket_foreign, ticket_expired, ticket_spent, participant_gone,
   *   reconnection_disabled, early_left, unavailable
   */
  async relogin(request: ReloginRequest): Promise<AcceptedRelogin> {
    const { store, config } = this.#deps
    const { dialect, seq, deadline } = request
    const { earliest, latest } = store.clock.bounds(config.ticketTtl * 1000)
    const ticket = readTicket(config.keys, dialect, request.ticket, earliest, latest, config.dialectNames)
    const { participantId: id, ticketId } = ticket
    const room = roomIdOf(dialect, ticket.roomName)
    const known = { ...(seq === undefined ? {} : { seq }), deadline }
    return this.#resume(request, { room, id, ticketId, seq }, (nextTicketId) =>
      store.sessionStore.resume({ room, id, node: config.node, ticketId, nextTicketId, ...known }),
    )
  }

  /** Resumes a session with a login token; the client names the id of the participant. @throws participant_gone, token_used, early_left, unavailable */
  async rejoin(request: LoginRequest & { id: ParticipantId }): Promise<AcceptedRelogin> {
    const { store, config } = this.#deps
    const { dialect, claims, id, deadline } = request
    const room = roomIdOf(dialect, claims.room)
    const token = tokenUseOf(claims, store.clock.date())
    return this.#resume(request, { room, id }, (ticketId) =>
      store.sessionStore.rejoin({ room, id, node: config.node, token, ticketId, deadline }),
    )
  }

  /** @param takeOver asks the store for the session, with the id of the next ticket */
  async #resume(
    request: Timing & { connection: SessionConnection; dialect: string },
    target: ResumeTarget,
    takeOver: (nextTicketId: string) => Promise<Resumed>,
  ): Promise<AcceptedRelogin> {
    const { opener } = this.#deps
    const { room, id } = target
    const ticketId = newId()
    const feed = await opener.subscribe(room)
    try {
      return await this.#open(request, target, await takeOver(ticketId), ticketId, feed)
    } catch (error) {
      await opener.abort({ room, id, ticketId }, request.deadline, error)
      throw error
    }
  }

  async #open(
    { connection, dialect, deadline }: Timing & { connection: SessionConnection; dialect: string },
    { room, id, ticketId: previous = '', seq }: ResumeTarget,
    resumed: Resumed,
    ticketId: string,
    feed: Feed,
  ): Promise<AcceptedRelogin> {
    const { store, config, opener, takeover, tickets, events } = this.#deps
    const { owner, previousOwner, previousNode, member, rid, complete, roster } = resumed
    if (!complete) events.incomplete?.()
    const options = complete ? undefined : await store.rooms.options(room)
    const ref: SessionRef = { room, id, owner }
    const reported = previousOwner ? await takeover.closePrevious({ ...ref, owner: previousOwner }, seq) : undefined
    const deliverAfter = Math.max(resumed.deliverAfter, reported?.confirmed ?? 0)
    const start = {
      dialect,
      member,
      ref,
      token: { id: resumed.tokenId, seconds: config.tokenTtl + tokenMarkMarginSeconds },
      tickets: { previous, issued: [ticketId] },
      ticketConfirmed: true,
      rid,
      deliverAfter,
      inDoubtUpTo: reported?.sent ?? resumed.inDoubtUpTo,
    }
    const session = await opener.open(start, connection, feed, deadline)
    return {
      session,
      ticket: tickets.sign(dialect, ref, ticketId),
      seq: deliverAfter,
      complete,
      ...(roster && options ? { snapshot: { roster, options } } : {}),
      resumedFrom: previousNode === config.node ? 'same_node' : 'other_node',
    }
  }
}
