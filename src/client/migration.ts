import type { Clock } from './clock.ts'
import type { Link } from './link.ts'
import type { ConnectionInfo, Reconnected } from './session-events.ts'

/** Tracks the move of a session between connections: whether it was planned, from where, and since when. */
export class Migration {
  readonly #clock: Clock
  readonly #random: () => number
  #cancelPlan: (() => void) | undefined
  #leaving: Link | undefined
  /** The move that has begun, at `at` ms. */
  #started: { from: ConnectionInfo; at: number; planned: boolean } | undefined

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock
    this.#random = random
  }

  /** The connection that the session is about to leave, and that still serves. */
  get leaving(): Link | undefined {
    return this.#leaving
  }

  /** Plans the move from a draining node, at a random time in the first half of `withinMs`, because the other clients move too. */
  plan(link: Link, withinMs: number, leave: () => void): void {
    this.#cancelPlan?.()
    this.#cancelPlan = this.#clock.after((this.#random() * withinMs) / 2, () => {
      this.#leaving = link
      this.#begin(link, true)
      leave()
    })
  }

  lost(link: Link): void {
    this.reset()
    this.#begin(link, false)
  }

  /** Ends the move. Undefined if there was no move, because the session begins on this connection. */
  arrived(link: Link): Reconnected | undefined {
    const started = this.#started
    this.reset()
    if (!started) return undefined
    const { from, at, planned } = started
    return { from, to: connectionInfoOf(link), ms: Math.round(this.#clock.now() - at), planned }
  }

  /** Forgets the move that has begun, because its session has ended. A planned move of the connection remains. */
  forget(): void {
    this.#started = undefined
  }

  /** Forgets the move and the plan, because the connection is lost or released. */
  reset(): void {
    this.#cancelPlan?.()
    this.#leaving = undefined
    this.forget()
  }

  #begin(link: Link, planned: boolean): void {
    this.#started = { from: connectionInfoOf(link), at: this.#clock.now(), planned }
  }
}

export function connectionInfoOf({ url, id }: Link): ConnectionInfo {
  return { url, id }
}
