import type { Command } from 'ioredis'
import type { StoreProblem } from '../../core/ports/store.ts'
import type { LinkEvents, RedisLink } from './link.ts'

/** Opens a link. `address` is for messages; `endpoint` has the options with which ioredis connects. */
export type OpenLink = (address: string, endpoint: object, events: LinkEvents) => RedisLink

export type TopologyEvents = {
  /** A link was opened. Listeners of its connection can be added. */
  opened(link: RedisLink): void
  /** The usable links, or their slots, have changed. */
  changed(): void
  /** Background work failed. The topology retries it. */
  failed(error: unknown): void
}

/** The connections to Redis, and which of them a command needs. */
export interface Topology {
  readonly links: RedisLink[]
  readonly sentinels: RedisLink[]
  /** Why some commands cannot be executed; undefined while all can. */
  readonly problem: StoreProblem | undefined
  /** The slot of a command's keys; null if it has none, or if the topology has no slots. */
  slotOf(command: Command): number | null
  /** The slot of a key; null if the topology has no slots. */
  slotOfKey(key: string): number | null
  /** @param slot null for any server. The answer is then always the same server for as long as that server is usable */
  linkFor(slot: number | null): RedisLink | undefined
  /** How long the slot has been without a usable link, ms. */
  downMs(slot: number | null): number
  /** The link to the address of a redirection. @param from the link from which the redirection came */
  linkTo(address: string, from: RedisLink): RedisLink
  /** Records that a slot has moved to another address. Returns false if the topology has no slots. */
  moved(slot: number, address: string, from: RedisLink): boolean
  /** Reads the map of the slots again, because it may have changed. */
  refresh(): void
  close(): Promise<void>
}

/** A single server, or the master that the sentinels name. */
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
