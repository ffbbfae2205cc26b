import { SignalboxError } from './errors.ts'
import type { Link } from './link.ts'
import type { EntryReply } from './membership.ts'
import type { PendingLogin } from './pending-login.ts'
import type { Limits } from './rate-limiter.ts'
import type { RequestSpec } from './request.ts'

/** What a login's ack gave. */
export type LoginResult = EntryReply & { result: unknown; limits: Limits | undefined }

export type LoginsOwner = {
  /** Asks once, on one connection. @throws SignalboxError timeout, lost, or as the server refuses */
  ask<T>(link: Link, question: RequestSpec<T>): Promise<T>
  /** Whether this is the login that the program waits for. */
  waitsFor(pending: PendingLogin): boolean
  /** Whether this is the present connection. */
  serves(link: Link): boolean
  /** Takes the session over, in the same step in which the ack is read. */
  loggedIn(link: Link, pending: PendingLogin, how: LoginResult): void
  failed(error: unknown): void
}

/** The logins of one client, on whichever connection each is tried. */
export class Logins {
  readonly #owner: LoginsOwner
  /** Connections on which a login is under way. */
  readonly #underWay = new Set<Link>()
  /** Connections on which a login was tried: the token of their handshake is spent. */
  readonly #tried = new WeakSet<Link>()
  /** Logins on the connection that is kept without a session, one after the other. */
  #queue: Promise<unknown> = Promise.resolve()

  constructor(owner: LoginsOwner) {
    this.#owner = owner
  }

  isUnderWay(link: Link): boolean {
    return this.#underWay.has(link)
  }

  wasTried(link: Link): boolean {
    return this.#tried.has(link)
  }

  /** Logs in on the connection that was kept without a session. */
  queueOn(link: Link, pending: PendingLogin): void {
    this.#queue = this.#queue.then(() => this.#loginHere(link, pending))
  }

  /** False if the login ended before the ack. @throws SignalboxError timeout, lost, or as the server refuses */
  async login(link: Link, pending: PendingLogin): Promise<boolean> {
    this.#underWay.add(link)
    this.#tried.add(link)
    try {
      const ask = <T>(on: Link, question: RequestSpec<T>) => this.#owner.ask(on, question)
      return await pending.tryOn(link, ask, (entered, limits) => {
        this.#underWay.delete(link)
        this.#owner.loggedIn(link, pending, { ...entered, limits, goodbye: pending.spec.goodbye })
      })
    } finally {
      this.#underWay.delete(link)
    }
  }

  async #loginHere(link: Link, pending: PendingLogin): Promise<void> {
    const owner = this.#owner
    if (!owner.waitsFor(pending) || !owner.serves(link)) return
    try {
      await this.login(link, pending)
    } catch (thrown) {
      if (owner.waitsFor(pending)) owner.failed(thrown)
      // the login is tried again on another connection; after a timeout its answer may still come, so nothing else can use this one
      if (owner.waitsFor(pending) || isTimeout(thrown)) link.close()
    }
    if (!owner.serves(link)) link.close() // the session left it open for the goodbye
  }
}

const isTimeout = (error: unknown) => error instanceof SignalboxError && error.code === 'timeout'
