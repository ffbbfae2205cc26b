import type { Dialect } from '../protocol/dialect.ts'
import type { Payload, Reply } from '../protocol/payload.ts'
import { Emitter } from './emitter.ts'
import type { IceServer } from './mesh/rtc.ts'
import type { Limits } from './rate-limiter.ts'
import type { ClientSession } from './session.ts'
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
 * What the clients of all dialects share: the session's events and its state. `Notices` maps the dialect's own
 * notifications to their arguments, the meta last; any other is told as `notification` alone.
 */
export class DialectClient<D extends Dialect, Notices extends { [event in keyof Notices]: unknown[] }> extends Emitter<
  SessionEvents & Notices
> {
  protected readonly session: ClientSession

  constructor(session: ClientSession, notices: readonly (keyof Notices & string)[]) {
    super()
    this.session = session
    // what a notification's arguments are is the server's word; the types above are those of docs/protocol.md and docs/dialects.md
    const emit = this.emit.bind(this) as unknown as (event: string, ...args: unknown[]) => void
    for (const event of sessionEvents) session.on(event, (...args: unknown[]) => emit(event, ...args))
    const known = new Set<string>(notices)
    session.on('notification', ({ event, args, meta }) => {
      if (known.has(event)) emit(event, ...args, ...(meta ? [meta] : []))
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

  /** As the server last gave them; their TURN credentials are renewed in time. Undefined if it gave none. */
  get iceServers(): IceServer[] | undefined {
    return this.session.iceServers
  }

  /**
   * Renews the TURN credentials: before an ICE restart of connections that are not a Mesh's. Never rejects. Resolves when the event
   * `iceServers` has told the new ones, at once if none expire, and after a few seconds in any case.
   */
  renewIceServers(): Promise<void> {
    return this.session.iceRenewal.renew()
  }

  /** What the server takes of one connection, once a login has told it. Requests are sent no faster. */
  get limits(): Limits | undefined {
    return this.session.limits
  }

  /** How many requests wait for their ack. */
  get pending(): number {
    return this.session.pending
  }

  /** Ends everything at once; the others see this participant leave when the server's window is over. */
  close(): void {
    this.session.close()
  }

  /** A request of the dialect's table, with one object as data. */
  protected request<E extends keyof D & string>(event: E, data: Payload<D[E]>): Promise<Reply<D[E]>> {
    return this.session.request(event, data === undefined ? [] : [data]) as Promise<Reply<D[E]>>
  }
}
