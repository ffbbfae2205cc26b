import type { Clock } from './clock.ts'
import type { Link } from './link.ts'
import type { Berth, Reconnected } from './session-events.ts'

/** A session on its way from one connection to another: why, where from, and since when. */
export class Passage {
  readonly #clock: Clock
  readonly #random: () => number
  #cancelPlan: (() => void) | undefined
  #leaving: Link | undefined
  #departure: { from: Berth; at: number; planned: boolean } | undefined

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
      this.#depart(link, true)
      leave()
    })
  }

  lost(link: Link): void {
    this.reset()
    this.#depart(link, false)
  }

  /** How it went; undefined when this is where the session begins. */
  arrived(link: Link): Reconnected | undefined {
    const departure = this.#departure
    this.reset()
    if (!departure) return undefined
    const { from, at, planned } = departure
    return { from, to: berthOf(link), ms: Math.round(this.#clock.now() - at), planned }
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

  #depart(link: Link, planned: boolean): void {
    this.#departure = { from: berthOf(link), at: this.#clock.now(), planned }
  }
}

export function berthOf({ url, id }: Link): Berth {
  return { url, id }
}
