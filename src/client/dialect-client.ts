import type { RequestDefinitions } from '../protocol/dialect.ts'
import type { Payload, Reply } from '../protocol/payload.ts'
import type { ClientSession } from './client-session.ts'
import { Emitter } from './emitter.ts'
import type { IceServer } from './mesh/rtc.ts'
import type { Limits } from './rate-limiter.ts'
import type { ConnectionInfo, SessionEvents } from './session-events.ts'
import type { SessionState } from './session-state.ts'

const sessionEvents = [
  'state',
  'notification',
  'reconnected',
  'resync',
  'resumeFailed',
  'iceServers',
  'open',
  'lost',
  'draining',
  'retrying',
  'closed',
] as const satisfies readonly (keyof SessionEvents)[]

/**
 * The base class of the clients of all dialects: the events and the state of the session. `Notifications` maps each notification of
 * the dialect to its arguments, the meta last. The class emits it under its name, and every notification as `notification` too.
 */
export class DialectClient<
  D extends RequestDefinitions,
  Notifications extends { [event in keyof Notifications]: unknown[] },
> extends Emitter<SessionEvents & Notifications> {
  protected readonly session: ClientSession

  constructor(session: ClientSession, notifications: readonly (keyof Notifications & string)[]) {
    super()
    this.session = session
    // the arguments are not validated: the server sends them as docs/protocol.md and docs/dialects.md define them
    const emit = this.emit.bind(this) as unknown as (event: string, ...args: unknown[]) => void
    for (const event of sessionEvents) session.on(event, (...args: unknown[]) => emit(event, ...args))
    const names = new Set<string>(notifications)
    session.on('notification', ({ event, args, meta }) => {
      if (names.has(event)) emit(event, ...args, ...(meta ? [meta] : []))
    })
  }

  get state(): SessionState {
    return this.session.state
  }

  get seq(): number {
    return this.session.seq
  }

  get connection(): ConnectionInfo | undefined {
    return this.session.connection
  }

  /** The ICE servers of the session, whose TURN credentials the session renews in time. Undefined if the server has none. */
  get iceServers(): IceServer[] | undefined {
    return this.session.iceServers
  }

  /**
   * Renews the TURN credentials. Call it before an ICE restart of your own connections; a Mesh does so itself. Resolves after the event
   * `iceServers` with the new servers, at once if no credentials expire, and after 3 s in any case. Never rejects.
   */
  renewIceServers(): Promise<void> {
    return this.session.iceRenewal.renew()
  }

  /** The server's limits for one connection, from the last ack that contained them. The client sends requests no faster. */
  get limits(): Limits | undefined {
    return this.session.limits
  }

  /** How many requests wait for their ack. */
  get pending(): number {
    return this.session.pendingRequests
  }

  /** Ends the session at once, without a goodbye. The others see this participant leave when the server's reconnect window is over. */
  close(): void {
    this.session.close()
  }

  /** Sends a request of the dialect's table, with one object as data. Resolves to the data of the ack. @throws SignalboxError */
  protected request<E extends keyof D & string>(event: E, data: Payload<D[E]>): Promise<Reply<D[E]>> {
    return this.session.request(event, data === undefined ? [] : [data]) as Promise<Reply<D[E]>>
  }
}
