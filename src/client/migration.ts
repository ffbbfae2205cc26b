import type { Clock } from './clock.ts'
import type { Link } from './link.ts'
import type { ConnectionInfo, Reconnected } from './session-events.ts'

/** A session on its way from one connection to another: why, where from, and since when. */
export class Migration {
  readonly #clock: Clock
  readonly #random: () => number
  #cancelPlan: (() => void) | undefined
  #leaving: Link | undefined
  #departure: { from: ConnectionInfo; at: number; planned: boolean } | undefined

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock
    this.#random = random
  }

  /** The connection to be left for another, while it still serves. */
  get leaving(): Link | undefined {
    return this.#leaving
  }

  /** A drain will cut the connection: it is left within the first half of the time, at random, for the others move too. */
  plan(link: Link, withinMs: number, leave: () => void): void {
    this.#cancelPlan?.()
    this.#cancelPlan = this.#clock.after((this.#random() * withinMs) / 2, () => {
      this.#leaving = link
      this.#recordDeparture(link, true)
      leave()
    })
  }

  lost(link: Link): void {
    this.reset()
    this.#recordDeparture(link, false)
  }

  /** How it went; undefined when this is where the session begins. */
  arrived(link: Link): Reconnected | undefined {
    const departure = this.#departure
    this.reset()
    if (!departure) return undefined
    const { from, at, planned } = departure
    return { from, to: connectionInfoOf(link), ms: Math.round(this.#clock.now() - at), planned }
  }

  /** Another session than the one that departed; the connection may still be one to be left. */
  forget(): void {
    this.#departure = undefined
  }

  /** There is nowhere to go. */
  reset(): void {
    this.#cancelPlan?.()
    this.#leaving = undefined
    this.forget()
  }

  #recordDeparture(link: Link, planned: boolean): void {
    this.#departure = { from: connectionInfoOf(link), at: this.#clock.now(), planned }
  }
}

export function connectionInfoOf({ url, id }: Link): ConnectionInfo {
  return { url, id }
}
