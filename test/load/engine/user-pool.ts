import type { Ledger } from '../ledger.ts'
import type { Tokens } from '../tokens.ts'
import type { Person } from './virtual-user.ts'

/** Those who share a room. `present` may be spoken to: they have entered, and are not about to leave. */
export type Group = { name: string; present: Map<string, Person>; all: Person[] }

export type CrewOptions = {
  urls: readonly string[]
  tokens: Tokens
  ledger: Ledger
  /** How often everyone does what the scenario is about, a second. */
  perSecond: number
}

/** All virtual users of one worker: in rooms of their own, with one ledger. */
export class Crew {
  readonly urls: readonly string[]
  readonly tokens: Tokens
  readonly ledger: Ledger
  readonly perSecond: number
  /** Other workers, and other runs on the same cluster, have other names. */
  readonly #tag = Math.random().toString(36).slice(2, 8)
  readonly #people = new Map<string, Person>()
  readonly #names = new Map<string, string>()
  readonly #left = new Map<string, number>()
  readonly #waiting = new Set<() => void>()
  #group: Group | undefined
  #places = 0
  #count = 0
  #finishing = false

  constructor({ urls, tokens, ledger, perSecond }: CrewOptions) {
    this.urls = urls
    this.tokens = tokens
    this.ledger = ledger
    this.perSecond = perSecond
  }

  /** Everyone should leave now. */
  get finishing(): boolean {
    return this.#finishing
  }

  newName(): string {
    this.#count += 1
    return `${this.#tag}-${this.#count}`
  }

  /** Rooms are filled one after the other. */
  groupOf(size: number): Group {
    if (!this.#group || this.#places >= size) {
      this.#group = { name: `load-${this.newName()}`, present: new Map(), all: [] }
      this.#places = 0
    }
    this.#places += 1
    return this.#group
  }

  add(person: Person): void {
    this.#people.set(person.name, person)
  }

  /** Notifications name participants by id. */
  known(person: Person): void {
    this.#names.set(person.id, person.name)
  }

  /** It goes, and that is told under this number. */
  leaving(person: Person, number: number): void {
    this.#left.set(person.name, number)
  }

  remove(person: Person): void {
    this.#people.delete(person.name)
  }

  isHere(name: string): boolean {
    return this.#people.has(name)
  }

  /** Whose id it is or was. Undefined: not one of ours. */
  nameOf(id: string): string | undefined {
    return this.#names.get(id)
  }

  /** The number under which somebody's leaving is told. Undefined: that one has not left. */
  leftAs(name: string): number | undefined {
    return this.#left.get(name)
  }

  cut(): void {
    for (const person of this.#people.values()) person.cut()
  }

  finish(): void {
    this.#finishing = true
    for (const wake of this.#waiting) wake()
  }

  /** Resolves after so many ms, or when it is time to finish. */
  pause(ms: number): Promise<void> {
    if (this.#finishing) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      this.#waiting.add(wake)
    })
  }
}
