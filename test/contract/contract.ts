import { afterAll, beforeAll, onTestFinished } from 'vitest'
import type { Store, StoreLimits } from '../../src/core/ports/store.ts'
import { Bench, type Factory, limits, type TestStore } from './bench.ts'

/** Registers a case of the contract: a sentence, and the test of it. */
export type RegisterCase = (title: string, run: () => Promise<void> | void) => void

/** The argument of each part of the contract. */
export type Contract = StoreAccess & {
  /** Registers a case of every store. */
  test: RegisterCase
  /** Registers a case of the stores that several nodes can share. */
  sharedTest: RegisterCase
  group(name: string, register: () => void): void
}

/** How a case opens the tested store. */
export type StoreAccess = {
  /** A new room in the store that the whole suite shares. */
  open(): Promise<Bench>
  /** A new room in a new store. */
  openOwn(limits?: Partial<StoreLimits>): Promise<Bench>
}

export type Case = { group: string; title: string; shared: boolean; run: () => Promise<void> | void }

export type Part = (contract: Contract) => void

/** Every case of these parts, in order. */
export function casesOf(parts: { [name: string]: Part }, access: StoreAccess): Case[] {
  const cases: Case[] = []
  const path: string[] = []
  const register =
    (shared: boolean): RegisterCase =>
    (title, run) =>
      void cases.push({ group: path.join(', '), title, shared, run })
  const group = (name: string, register: () => void) => {
    path.push(name)
    register()
    path.pop()
  }
  const contract: Contract = { ...access, test: register(false), sharedTest: register(true), group }
  for (const [name, part] of Object.entries(parts)) group(name, () => part(contract))
  return cases
}

/** Opens the store before the cases of the suite around it, and closes it after them. */
export function accessTo(factory: Factory): StoreAccess {
  let common: TestStore
  let other: Store
  beforeAll(async () => {
    common = await factory(limits)
    other = (await common.another?.()) ?? common.store
  })
  afterAll(() => common.close())
  return {
    open: async () => new Bench(common.store, other),
    openOwn: async (changes = {}) => {
      const kept = await factory({ ...limits, ...changes })
      onTestFinished(() => kept.close())
      return new Bench(kept.store, (await kept.another?.(changes)) ?? kept.store)
    },
  }
}
