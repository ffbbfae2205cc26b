import type { SignalboxError } from './errors.ts'
import { asSignalboxError } from './errors.ts'
import type { Purpose } from './handshake-token.ts'
import { Handshakes, type SessionTarget } from './handshakes.ts'
import type { Link } from './link.ts'
import { connectionInfoOf, Migration } from './migration.ts'
import { Reconnector } from './reconnector.ts'
import type { ConnectionInfo, Reconnected } from './session-events.ts'
import type { Settings } from './settings.ts'

/** The session that uses the connections. */
type ConnectionSwitchOwner = {
  /** Whether the program wants a connection. */
  wantsConnection(): boolean
  /** A connection is about to be tried. */
  trying(): void
  /** Called before a connection is opened. If it rejects, the try has failed. */
  prepare(): Promise<void>
  /** The purpose of the next connection. */
  purpose(): Purpose
  /**
   * Puts the connection to use and adopts it. False: it cannot serve what the program wants now. Rejects if that fails, or if
   * `signal` aborts; then the connection is closed.
   */
  establish(link: Link, signal: AbortSignal): Promise<boolean>
  /** The present connection may be dead. */
  suspected(link: Link): void
  /** @returns whether the next try follows at once */
  failed(error: SignalboxError): boolean
  received(event: string, args: unknown[]): void
  lost(): void
}

/** The connection that serves a session now, and the way to the next one. */
export class ConnectionSwitch {
  readonly #owner: ConnectionSwitchOwner
  readonly #migration: Migration
  readonly #reconnector: Reconnector
  /** The purpose for which each connection was opened. */
  readonly #purposes = new WeakMap<Link, Purpose>()
  #link: Link | undefined

  constructor(settings: Settings, target: SessionTarget, owner: ConnectionSwitchOwner) {
    const { parts, urls, backOff } = settings
    const handshakes = new Handshakes(settings, target)
    this.#owner = owner
    this.#migration = new Migration(parts.clock, parts.random)
    this.#reconnector = new Reconnector({ urls, backOff }, parts, {
      wantsConnection: () => owner.wantsConnection() && (!this.#link?.open || this.#link === this.#migration.leaving),
      trying: () => owner.trying(),
      connect: async (url, signal) => {
        await owner.prepare()
        const purpose = owner.purpose()
        const link = await handshakes.open(url, purpose, signal)
        this.#purposes.set(link, purpose)
        return link
      },
      establish: (link, signal) => owner.establish(link, signal),
      mayBeDead: () => this.#link?.open && owner.suspected(this.#link),
      failed: (error) => owner.failed(asSignalboxError(error)),
    })
  }

  get link(): Link | undefined {
    return this.#link
  }

  get connection(): ConnectionInfo | undefined {
    return this.#link && connectionInfoOf(this.#link)
  }

  purposeOf(link: Link): Purpose | undefined {
    return this.#purposes.get(link)
  }

  search(atOnce = false): void {
    this.#reconnector.start(atOnce)
  }

  stop(): void {
    this.#reconnector.stop()
  }

  /**
   * Moves to this connection, and then closes the one before.
   * @param moved called before notifications that have arrived on this connection are delivered
   */
  adopt(link: Link, moved: () => void): Reconnected | undefined {
    const old = this.#link
    const how = this.#migration.arrived(link)
    this.#link = link
    moved()
    link.listen({
      event: (event, args) => link === this.#link && this.#owner.received(event, args),
      lost: () => this.#lost(link),
    })
    if (old && old !== link) old.close()
    return how
  }

  /** The node drains and closes the present connection within this time; the session moves before. */
  planMove(withinMs: number): void {
    if (this.#link) this.#migration.plan(this.#link, withinMs, () => this.#reconnector.start(true))
  }

  /** The session has ended: the next one has not moved from its connection. */
  forgetMigration(): void {
    this.#migration.forget()
  }

  /** Leaves the present connection to the caller. */
  takeLink(): Link | undefined {
    const link = this.#link
    this.#link = undefined
    this.#migration.reset()
    return link
  }

  #lost(link: Link): void {
    if (link !== this.#link) return
    this.#link = undefined
    this.#migration.lost(link)
    this.#owner.lost()
    this.#reconnector.start()
  }
}
