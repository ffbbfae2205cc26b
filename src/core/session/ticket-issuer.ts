import { writeTicket } from '../auth/tickets.ts'
import type { Timing } from '../deadline.ts'
import { SignalError } from '../errors.ts'
import { newId } from '../ids.ts'
import { roomName } from '../model.ts'
import type { SessionRef } from '../ports/session-store.ts'
import type { Store } from '../ports/store.ts'
import type { Session } from './session.ts'
import type { SessionsConfig, SessionsEvents } from './sessions-config.ts'

/** Issues reconnection tickets, and records which of them the clients have received. */
export class TicketIssuer {
  readonly #store: Store
  readonly #config: SessionsConfig
  readonly #events: Pick<SessionsEvents, 'failed'>

  constructor(store: Store, config: SessionsConfig, events: Pick<SessionsEvents, 'failed'>) {
    this.#store = store
    this.#config = config
    this.#events = events
  }

  /** Writes a ticket that is valid from now on. The store must know its id. */
  sign(dialect: string, { room, id }: SessionRef, ticketId: string): string {
    const now = this.#store.clock.now()
    return writeTicket(this.#config.keys, dialect, {
      participantId: id,
      roomName: roomName(room),
      ticketId,
      notBefore: now,
      notAfter: now + this.#config.ticketTtl * 1000,
    })
  }

  /**
   * A new ticket. The previous one stays valid until the client is known to have received the new one.
   * @throws reconnection_disabled, moved, unavailable
   */
  async refresh(session: Session, { deadline }: Timing): Promise<string> {
    if (!(this.#config.window > 0)) throw new SignalError('reconnection_disabled')
    const ticketId = newId()
    const undo = session.tickets.renew(ticketId)
    try {
      await this.#store.sessionStore.renewTicket(session.ref, ticketId, deadline)
    } catch (error) {
      undo()
      throw error
    }
    return this.sign(session.dialect, session.ref, ticketId)
  }

  /** The newest ticket with new dates. Writes nothing to the store. */
  repeat(session: Session): string {
    return this.sign(session.dialect, session.ref, session.tickets.newest)
  }

  /** The client has received this ticket: earlier ones and the login token become invalid. Does not throw. */
  async confirm(session: Session, ticketId: string): Promise<void> {
    if (session.ended) return
    session.tickets.confirm(ticketId)
    try {
      await this.#store.sessionStore.confirmTicket(session.ref, session.token, ticketId)
    } catch (error) {
      this.#events.failed?.(error) // the earlier ones stay valid until the next confirmation
    }
  }
}
