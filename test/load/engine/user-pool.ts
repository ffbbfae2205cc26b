import type { Ledger } from '../ledger.ts'
import type { Tokens } from '../tokens.ts'

/** A user, as the pool and the other users of its room know it. */
export type PoolUser = { readonly name: string; readonly id: string; cut: () => void }

/** The users of one room. Only `present` ones get messages: they have joined, and are not leaving yet. */
export type Group = { name: string; present: Map<string, PoolUser>; members: PoolUser[] }

export type UserPoolOptions = {
  urls: readonly string[]
  tokens: Tokens
  ledger: Ledger
  /** The rate of each user: texts or calls per second. */
  perSecond: number
}

/** All virtual users of one worker. They have their own rooms and share one ledger. */
export class UserPool {
  readonly urls: readonly string[]
  readonly tokens: Tokens
  readonly ledger: Ledger
  readonly perSecond: number
  /** Keeps names distinct between workers, and between runs on one cluster. */
  readonly #tag = Math.random().toString(36).slice(2, 8)
  readonly #users = new Map<string, PoolUser>()
  readonly #names = new Map<string, string>()
  readonly #leaveNumbers = new Map<string, number>()
  readonly #pauses = new Set<() => void>()
  #group: Group | undefined
  #groupSize = 0
  #count = 0
  #finishing = false

  constructor({ urls, tokens, ledger, perSecond }: UserPoolOptions) {
    this.urls = urls
    this.tokens = tokens
    this.ledger = ledger
    this.perSecond = perSecond
  }

  /** True when all users are to leave. */
  get finishing(): boolean {
    return this.#finishing
  }

  newName(): string {
    this.#count += 1
    return `${this.#tag}-${this.#count}`
  }

  /** A group with a free place; groups fill one after the other. */
  groupOf(size: number): Group {
    if (!this.#group || this.#groupSize >= size) {
      this.#group = { name: `load-${this.newName()}`, present: new Map(), members: [] }
      this.#groupSize = 0
    }
    this.#groupSize += 1
    return this.#group
  }

  add(user: PoolUser): void {
    this.#users.set(user.name, user)
  }

  /** Records the user's participant id, by which notifications name it. */
  register(user: PoolUser): void {
    this.#names.set(user.id, user.name)
  }

  /** Records that the user leaves, and the number of this message in the ledger. */
  recordLeave(user: PoolUser, number: number): void {
    this.#leaveNumbers.set(user.name, number)
  }

  remove(user: PoolUser): void {
    this.#users.delete(user.name)
  }

  has(name: string): boolean {
    return this.#users.has(name)
  }

  /** The user with this id, present or left. Undefined: not a user of this pool. */
  nameOf(id: string): string | undefined {
    return this.#names.get(id)
  }

  /** The number that the ledger has for the user's leaving. Undefined: the user has not left. */
  leaveNumberOf(name: string): number | undefined {
    return this.#leaveNumbers.get(name)
  }

  cut(): void {
    for (const user of this.#users.values()) user.cut()
  }

  finish(): void {
    this.#finishing = true
    for (const wake of this.#pauses) wake()
  }

  /** Resolves after `ms`, or as soon as the run finishes. */
  pause(ms: number): Promise<void> {
    if (this.#finishing) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.#pauses.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      this.#pauses.add(wake)
    })
  }
}
