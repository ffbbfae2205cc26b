import type { Command } from 'ioredis'
import type { StoreProblem } from '../../core/ports/state.ts'
import type { LinkEvents, RedisLink } from './link.ts'

/** Makes a link. `address` is for messages, `place` what ioredis connects to. */
export type OpenLink = (address: string, endpoint: object, events: LinkEvents) => RedisLink

export type TopologyEvents = {
  /** A link was opened: who listens to its connection may begin. */
  opened(link: RedisLink): void
  /** What can be used, and for which slots, is not what it was. */
  changed(): void
  /** Background work failed. It is tried again. */
  failed(error: unknown): void
}

/** Which connection is for which command. */
export interface Topology {
  readonly links: RedisLink[]
  readonly sentinels: RedisLink[]
  /** Why it cannot serve all commands. */
  readonly problem: StoreProblem | undefined
  /** The slot of a command's keys; null if it has none, or if the topology has no slots. */
  slotOf(command: Command): number | null
  /** The slot of a key; null if the topology has no slots. */
  slotOfKey(key: string): number | null
  /** @param slot null: any server will do, and it is the same one for as long as it can be used */
  linkFor(slot: number | null): RedisLink | undefined
  /** How long nothing could be done for a slot, ms. */
  downMs(slot: number | null): number
  /** The link to an address that a redirection named. @param from where the redirection came from */
  linkTo(address: string, from: RedisLink): RedisLink
  /** A slot is at another address now. False: there are no slots here. */
  moved(slot: number, address: string, from: RedisLink): boolean
  /** Where the slots are may have changed. */
  refresh(): void
  close(): Promise<void>
}

/** One server, or the master that the sentinels name. */
export class SingleTopology implements Topology {
  readonly links: RedisLink[]
  readonly sentinels: RedisLink[] = []
  readonly #link: RedisLink

  constructor(address: string, endpoint: object, open: OpenLink, events: TopologyEvents) {
    this.#link = open(address, endpoint, { up: events.changed, down: events.changed, moved: events.changed })
    this.links = [this.#link]
    events.opened(this.#link)
  }

  get problem(): StoreProblem | undefined {
    return this.#link.problem
  }

  slotOf(): null {
    return null
  }

  slotOfKey(): null {
    return null
  }

  linkFor(): RedisLink {
    return this.#link
  }

  downMs(): number {
    return this.#link.downMs
  }

  linkTo(): RedisLink {
    return this.#link
  }

  moved(): boolean {
    return false
  }

  refresh(): void {}

  close(): Promise<void> {
    return this.#link.close()
  }
}
