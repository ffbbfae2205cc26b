import type { Socket } from 'socket.io'
import type { SignalError } from '../core/errors.ts'
import type { Entry, Member } from '../core/model.ts'
import type { DeliveryTracker, SessionConnection } from '../core/ports/connection.ts'
import type { Session } from '../core/session/session.ts'
import type { Meta } from '../protocol/session.ts'
import type { DeliveryConfirmations } from './delivery-confirmations.ts'
import type { DialectDescription } from './dialect.ts'
import { InFlightTracker } from './in-flight.ts'
import { measure } from './limits/payload-limits.ts'

/** `connecting` while a login or relogin is being answered (docs/protocol.md#connection-states). */
export type ConnectionState = 'initialized' | 'connecting' | 'connected'

export type ConnectionEvents = {
  /** The client's address, as trusted proxies report it. */
  address?: string
  /** Resolves when the client has read enough for a replay to continue; undefined if it can continue now. */
  writable?: () => Promise<void> | undefined
  /** A session begins on this connection. */
  sessionBegan?: (session: Session) => void
  /** The session is no longer on this connection. */
  sessionEnded?: (session: Session) => void
  /** The node is about to close the connection so that the client reconnects. */
  cut?: () => void
  /** The bytes that wait for the ack of a request have changed by this number. */
  held?: (bytes: number) => void
  /** The node is about to close the connection, for any reason. */
  closing?: () => void
  /** A notification was passed to the socket. `live`: it was not read from the log for a relogin. */
  delivered?: (event: string, entry: Entry, live: boolean) => void
}

type Delivery = { entry: Entry; live: boolean; inFlight: DeliveryTracker | undefined; bytes?: number }

/** A client's socket on one namespace, and its session. It sends notifications in order, and never before the ack that precedes them. */
export class Connection implements SessionConnection {
  readonly socket: Socket
  readonly dialect: DialectDescription
  /** Those of the client, for all its namespaces. */
  readonly confirmations: DeliveryConfirmations
  /** Which version of the dialect the client speaks. */
  version: string
  state: ConnectionState = 'initialized'
  /** Why the client may only resume. Undefined if it may do everything, and after its first login or relogin. */
  restriction: SignalError | undefined
  /** The profile that the client has set before it had a session, for its next session. */
  readonly profile: Member['profile'] = {}
  /** Whether the client names the last seq that it received when it resumes: it says so in its `auth`, or has done so before. */
  clientNamesSeq: boolean
  /** Whether acks with a ticket contain the limits of the client. */
  readonly wantsLimits: boolean
  #session: Session | undefined
  readonly #events: ConnectionEvents
  /** Notifications that wait for the ack of the running request. Undefined while no request runs. */
  #held: Delivery[] | undefined
  readonly #losses = new Set<() => void>()

  constructor(
    socket: Socket,
    dialect: DialectDescription,
    confirmations: DeliveryConfirmations,
    events: ConnectionEvents = {},
  ) {
    this.socket = socket
    this.dialect = dialect
    this.confirmations = confirmations
    this.version = dialect.versionBeforeLogin
    this.#events = events
    this.wantsLimits = (socket.handshake.auth as { limits?: unknown } | undefined)?.limits === true
    this.clientNamesSeq = (socket.handshake.auth as { seq?: unknown } | undefined)?.seq === true
    socket.on('disconnect', () => {
      for (const lost of [...this.#losses]) lost()
    })
  }

  onLost(lost: () => void): () => void {
    this.#losses.add(lost)
    return () => this.#losses.delete(lost)
  }

  get session(): Session | undefined {
    return this.#session
  }

  beginSession(session: Session): void {
    if (this.#session) this.#events.sessionEnded?.(this.#session)
    this.#session = session
    this.state = 'connected'
    this.restriction = undefined
    this.#events.sessionBegan?.(session)
  }

  endSession(): void {
    if (this.#session) this.#events.sessionEnded?.(this.#session)
    this.#session = undefined
    this.state = 'initialized'
  }

  /** The session, for log lines. */
  get about(): { room?: string; participant?: string } {
    return this.#session ? { room: this.#session.room, participant: this.#session.id } : {}
  }

  get address(): string {
    return this.#events.address ?? ''
  }

  writable(): Promise<void> | undefined {
    return this.#events.writable?.()
  }

  get open(): boolean {
    return this.socket.connected && this.socket.conn.readyState === 'open'
  }

  get firstHeld(): number | undefined {
    return this.#held?.[0]?.entry.seq
  }

  trackDelivery(): DeliveryTracker | undefined {
    return this.clientNamesSeq && !this.dialect.clientsCannotNameSeq
      ? undefined
      : new InFlightTracker(this.socket, this.confirmations)
  }

  deliver(entry: Entry, live: boolean, inFlight?: DeliveryTracker): void {
    if (this.#held) {
      const bytes = measure(entry.data, Number.POSITIVE_INFINITY).heapBytes
      this.#held.push({ entry, live, inFlight, bytes })
      this.#events.held?.(bytes)
    } else this.#emit({ entry, live, inFlight })
  }

  hold(): void {
    this.#held ??= []
  }

  /** Sends the notifications that waited. If a send throws, it cuts the connection, and `firstHeld` is the first one not sent. */
  release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const [index, delivery] of held.entries()) {
      this.#events.held?.(-(delivery.bytes ?? 0))
      try {
        this.#emit(delivery)
      } catch (error) {
        this.#held = held.slice(index)
        this.cut()
        throw error
      }
    }
  }

  cut(): void {
    this.#events.cut?.()
    this.#events.closing?.()
    this.socket.conn.close()
  }

  close(why?: 'taken_over'): void {
    const { takenOverEvent } = this.dialect
    if (why === 'taken_over' && takenOverEvent !== undefined) this.socket.emit(takenOverEvent)
    this.#events.closing?.()
    this.socket.disconnect(true)
  }

  #emit({ entry, live, inFlight }: Delivery): void {
    const rendered = this.dialect.render(entry, this.version)
    if (rendered) {
      const [event, ...args] = rendered
      const { seq, from } = entry
      const meta: Meta = { seq, ...(from === undefined ? {} : { from }), ...this.dialect.metaOf?.(entry) }
      this.socket.emit(event, ...args, meta)
      inFlight?.sent(seq)
      this.#events.delivered?.(event, entry, live)
    }
    if (entry.event === 'drop') this.close()
  }
}
