import type { Timing } from '../deadline.ts'
import type { Draft, Member, ParticipantId, RoomId, Roster } from '../model.ts'
import type { DeliveryState, SessionRef, Write } from '../ports/session-store.ts'
import type { Store } from '../ports/store.ts'
import type { Feeds } from '../room/feeds.ts'
import { ConfirmationRecorder } from './confirmation-recorder.ts'
import { Departures } from './departures.ts'
import { Disconnections } from './disconnections.ts'
import { type AcceptedLogin, Login, type LoginRequest } from './login.ts'
import { LoginOrResume } from './login-or-resume.ts'
import { RequestRunner } from './request-runner.ts'
import { type AcceptedRelogin, type ReloginRequest, Resume } from './resume.ts'
import type { Session } from './session.ts'
import { SessionCloser } from './session-closer.ts'
import { SessionOpener } from './session-opener.ts'
import { SessionRegistry } from './session-registry.ts'
import { SessionRestore } from './session-restore.ts'
import type { SessionsConfig, SessionsEvents } from './sessions-config.ts'
import { Takeover } from './takeover.ts'
import { TicketIssuer } from './ticket-issuer.ts'

/** The sessions of this node, the same for every dialect: login, resume, takeover, the end. */
export class Sessions {
  /** Whether a disconnected participant can resume. */
  readonly reconnects: boolean
  readonly departures: Departures
  readonly disconnections: Disconnections
  readonly closer: SessionCloser
  readonly restoration: SessionRestore
  readonly confirmationRecorder: ConfirmationRecorder
  readonly tickets: TicketIssuer
  readonly #store: Store
  readonly #registry = new SessionRegistry()
  readonly #login: Login
  readonly #resume: Resume
  readonly #loginOrResume: LoginOrResume
  readonly #takeover: Takeover
  readonly #requests: RequestRunner

  constructor(store: Store, feeds: Feeds, config: SessionsConfig, events: SessionsEvents) {
    const registry = this.#registry
    const reconnects = config.window > 0
    const departures = new Departures(store.sessionStore, events)
    const disconnections = new Disconnections(store, departures, events)
    const closer = new SessionCloser({ feeds, registry, departures, disconnections, reconnects, events })
    const restoration = new SessionRestore({ store, registry, disconnections, closer, reconnects, events })
    const opener = new SessionOpener({ feeds, registry, closer, disconnections, events })
    const { handover } = store
    const takeover = new Takeover({ node: config.node, handover, registry, closer, disconnections, events })
    const tickets = new TicketIssuer(store, config, events)
    const confirmationRecorder = new ConfirmationRecorder(store.sessionUpkeep, registry)
    const failed = (error: unknown) => events.failed?.(error)
    this.#store = store
    this.#login = new Login({ store, config, opener, takeover, tickets, events })
    this.#resume = new Resume({ store, config, opener, takeover, tickets, events })
    this.#loginOrResume = new LoginOrResume(this.#login, this.#resume)
    this.#takeover = takeover
    this.#requests = new RequestRunner({ log: store.log, confirmationRecorder, restoration, failed })
    this.reconnects = reconnects
    this.departures = departures
    this.disconnections = disconnections
    this.closer = closer
    this.restoration = restoration
    this.confirmationRecorder = confirmationRecorder
    this.tickets = tickets
  }

  get all(): Session[] {
    return this.#registry.all
  }

  /** The session of exactly this owner, if this node has it. */
  find(ref: SessionRef): Session | undefined {
    return this.#registry.find(ref)
  }

  /**
   * A new participant enters a room. Delivery begins with `session.startDelivery()`.
   * @throws too_many_rooms, invalid_role, room_full, token_used, token_expired, early_left, unavailable
   */
  login(request: LoginRequest): Promise<AcceptedLogin> {
    return this.#login.login(request)
  }

  /**
   * A participant resumes its session by a ticket, on whichever node it was.
   * @throws bad_ticket, ticket_signature, ticket_foreign, ticket_expired, ticket_spent, participant_gone,
   *   reconnection_disabled, early_left, unavailable
   */
  relogin(request: ReloginRequest): Promise<AcceptedRelogin> {
    return this.#resume.relogin(request)
  }

  /** A participant whose id the client names resumes its session, or enters as a new one. @throws as login */
  loginOrResume(request: LoginRequest & { id: ParticipantId }): Promise<{ session: Session }> {
    return this.#loginOrResume.login(request)
  }

  /** A client enters the room again that it is in: it gets a new ticket. @throws reconnection_disabled, moved, unavailable */
  async reenter(session: Session, timing: Timing): Promise<{ roster: Roster; ticket: string; seq: number }> {
    const roster = await this.#store.roster.roster(session.room)
    const ticket = await this.tickets.refresh(session, timing)
    return { roster, ticket, seq: session.sentSeq }
  }

  /** The participant leaves its room; its connection stays. @throws moved, unavailable */
  logout(session: Session, timing: Timing = {}): Promise<void> {
    return this.closer.logout(session, timing)
  }

  /** Performs a request, with a `rid` at most once, and resolves to its ack. @throws what `perform` throws, bad_request */
  runRequest(session: Session, rid: number | undefined, perform: () => Promise<unknown>): Promise<unknown> {
    return this.#requests.run(session, rid, perform)
  }

  /** Replaces what the dialect keeps of the participant. @throws moved, unavailable */
  async setProfile(session: Session, write: Write, profile: Member['profile']): Promise<void> {
    await this.#store.roster.setProfile(write, profile)
    session.setProfile(profile)
  }

  /** Ends the session of a participant, wherever it is connected: it receives `drop`, and its node closes its connection. @throws unavailable */
  drop(room: RoomId, id: ParticipantId, timing: Timing = {}): Promise<boolean> {
    const notification: Draft = { event: 'drop', data: null, to: id }
    return this.departures.leave({ room, id }, 'any', 'dropped', { notification, ...timing })
  }

  /** Another node has taken over a session of this one. @returns the delivery state of its connection; undefined: unknown */
  onTakeover(ref: SessionRef): DeliveryState | undefined {
    return this.#takeover.onTakeover(ref)
  }
}
