import type { Command } from 'ioredis'
import type { Trouble } from '../../core/ports/state.ts'
import type { Link, LinkEvents } from './link.ts'

/** Makes a link. `address` is for messages, `place` what ioredis connects to. */
export type OpenLink = (address: string, place: object, events: LinkEvents) => Link

export type TopologyEvents = {
  /** A link was opened: who listens to its connection may begin. */
  opened(link: Link): void
  /** What can be used, and for which slots, is not what it was. */
  changed(): void
  /** Background work failed. It is tried again. */
  failed(error: unknown): void
}

/** Which connection is for which command. */
export interface Topology {
  readonly links: Link[]
  readonly sentinels: Link[]
  /** Why it cannot serve all commands. */
  readonly trouble: Trouble | undefined
  /** The slot of a command's keys; null if it has none, or if the topology has no slots. */
  slotOf(command: Command): number | null
  /** The slot of a key; null if the topology has no slots. */
  slotOfKey(key: string): number | null
  /** @param slot null: any server will do, and it is the same one for as long as it can be used */
  linkFor(slot: number | null): Link | undefined
  /** How long nothing could be done for a slot, ms. */
  downMs(slot: number | null): number
  /** The link to an address that a redirection named. @param from where the redirection came from */
  linkTo(address: string, from: Link): Link
  /** A slot is at another address now. False: there are no slots here. */
  moved(slot: number, address: string, from: Link): boolean
  /** Where the slots are may have changed. */
  refresh(): void
  close(): Promise<void>
}

/** One server, or the master that the sentinels name. */
export class SingleTopology implements Topology {
  readonly links: Link[]
  readonly sentinels: Link[] = []
  readonly #link: Link

  constructor(address: string, place: object, open: OpenLink, events: TopologyEvents) {
    this.#link = open(address, place, { up: events.changed, down: events.changed, moved: events.changed })
    this.links = [this.#link]
    events.opened(this.#link)
  }

  get trouble(): Trouble | undefined {
    return this.#link.trouble
  }

  slotOf(): null {
    return null
  }

  slotOfKey(): null {
    return null
  }

  linkFor(): Link {
    return this.#link
  }

  downMs(): number {
    return this.#link.downMs
  }

  linkTo(): Link {
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
