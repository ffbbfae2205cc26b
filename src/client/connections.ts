import type { SignalboxError } from './errors.ts'
import { asSignalboxError } from './errors.ts'
import type { Purpose } from './handshake-token.ts'
import { Handshakes, type SessionTarget } from './handshakes.ts'
import type { Link } from './link.ts'
import { connectionInfoOf, Migration } from './migration.ts'
import { Reconnector } from './reconnector.ts'
import type { ConnectionInfo, Reconnected } from './session-events.ts'
import type { Settings } from './settings.ts'

/** What the connections ask of their session, and tell it. */
type ConnectionsOwner = {
  /** Whether a connection is wanted at all. */
  wanted(): boolean
  /** A connection is about to be tried. */
  trying(): void
  /** Gets ready for a connection. Its rejection is that of the try. */
  prepare(): Promise<void>
  /** What the next connection is for. */
  purpose(): Purpose
  /**
   * Logs in on it and adopts it. False: the connection does not serve the program's present wish. Rejects when the login fails, or
   * `signal` aborts; the connection is closed then.
   */
  establish(link: Link, signal: AbortSignal): Promise<boolean>
  /** The present connection may have failed without an event. */
  suspected(link: Link): void
  /** @returns whether the next try follows at once */
  failed(error: SignalboxError): boolean
  notice(event: string, args: unknown[]): void
  lost(): void
}

/** The connection that serves a session now, and the way to the next one. */
export class Connections {
  readonly #owner: ConnectionsOwner
  readonly #migration: Migration
  readonly #reconnector: Reconnector
  /** What each connection was opened for. */
  readonly #purposes = new WeakMap<Link, Purpose>()
  #link: Link | undefined

  constructor(settings: Settings, target: SessionTarget, owner: ConnectionsOwner) {
    const { parts, urls, backOff } = settings
    const handshakes = new Handshakes(settings, target)
    this.#owner = owner
    this.#migration = new Migration(parts.clock, parts.random)
    this.#reconnector = new Reconnector({ urls, backOff }, parts, {
      needed: () => owner.wanted() && (!this.#link?.open || this.#link === this.#migration.leaving),
      trying: () => owner.trying(),
      connect: async (url, signal) => {
        await owner.prepare()
        const purpose = owner.purpose()
        const link = await handshakes.open(url, purpose, signal)
        this.#purposes.set(link, purpose)
        return link
      },
      establish: (link, signal) => owner.establish(link, signal),
      woke: () => this.#link?.open && owner.suspected(this.#link),
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

  seek(atOnce = false): void {
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
      notice: (event, args) => link === this.#link && this.#owner.notice(event, args),
      lost: () => this.#lost(link),
    })
    if (old && old !== link) old.close()
    return how
  }

  /** A drain will cut the present connection: the session moves before that. */
  planMove(withinMs: number): void {
    if (this.#link) this.#migration.plan(this.#link, withinMs, () => this.#reconnector.start(true))
  }

  /** What comes next is another session than the one that lost its connection. */
  forgetDeparture(): void {
    this.#migration.forget()
  }

  /** Leaves the present connection to the caller. */
  release(): Link | undefined {
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
