import { Command } from 'ioredis'
import { inBackground } from '../../core/background.ts'
import type { StoreProblem } from '../../core/ports/store.ts'
import { answerWithin, type RedisLink } from './link.ts'
import { unreachable } from './report.ts'
import type { OpenLink, Topology, TopologyEvents } from './topology.ts'

const slotCount = 16384

/** How often the map of the slots is read while it is incomplete, ms. */
const refreshIntervalMs = 500

/** How long a server may take to answer with the map, ms. */
const refreshTimeoutMs = 1000

/** A range of slots in the answer to CLUSTER SLOTS, without the replicas. */
type SlotRange = [first: number, last: number, master: [host: string | null, port: number]]

/** The masters of a Redis Cluster, one link each. */
export class ClusterTopology implements Topology {
  readonly sentinels: RedisLink[] = []
  readonly #seeds: string[]
  readonly #open: OpenLink
  readonly #events: TopologyEvents
  readonly #links = new Map<string, RedisLink>()
  readonly #timer: NodeJS.Timeout
  #slots: (string | undefined)[] = []
  #keylessLink: RedisLink | undefined
  #mapLostAt: number | undefined = performance.now()
  #stale = true
  #refreshing = false
  #closed = false

  constructor(seeds: string[], open: OpenLink, events: TopologyEvents) {
    this.#seeds = seeds
    this.#open = open
    this.#events = events
    for (const seed of seeds) this.#linkAt(seed)
    this.#timer = setInterval(() => {
      if (this.#stale || this.problem !== undefined) this.refresh()
    }, refreshIntervalMs)
    this.#timer.unref()
  }

  get links(): RedisLink[] {
    return [...this.#links.values()]
  }

  get problem(): StoreProblem | undefined {
    const link = this.links.find(({ ready }) => !ready)
    if (link) return link.problem
    const unserved = this.#slots.length === 0 ? slotCount : this.#slots.filter((address) => !address).length
    return unserved > 0 ? unreachable(`${unserved} slots of the Redis Cluster have no master`) : undefined
  }

  slotOf(command: Command): number | null {
    return command.getSlot()
  }

  slotOfKey(key: string): number | null {
    return new Command('get', [key]).getSlot()
  }

  linkFor(slot: number | null): RedisLink | undefined {
    if (slot !== null) return this.#links.get(this.#slots[slot] ?? '')
    if (!this.#keylessLink?.ready || this.#links.get(this.#keylessLink.address) !== this.#keylessLink) {
      this.#keylessLink = this.#slots.length > 0 ? this.links.find(({ ready }) => ready) : undefined
    }
    return this.#keylessLink
  }

  downMs(slot: number | null): number {
    const link = this.linkFor(slot)
    if (link) return link.downMs
    if (this.#mapLostAt !== undefined) return performance.now() - this.#mapLostAt
    return slot === null ? Math.min(...this.links.map(({ downMs }) => downMs)) : 0
  }

  linkTo(address: string, from: RedisLink): RedisLink {
    return this.#linkAt(absolute(address, from))
  }

  moved(slot: number, address: string, from: RedisLink): boolean {
    this.#slots[slot] = absolute(address, from)
    this.#linkAt(absolute(address, from))
    this.refresh()
    return true
  }

  refresh(): void {
    this.#stale = true
    if (this.#refreshing || this.#closed) return
    this.#refreshing = true
    const refreshing = async () => {
      try {
        await this.#readMap()
      } finally {
        this.#refreshing = false
      }
    }
    inBackground(refreshing, this.#events.failed)
  }

  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#timer)
    await Promise.all(this.links.map((link) => link.close()))
  }

  /** Reads the map from one server after the other, in random order, until a server answers. */
  async #readMap(): Promise<void> {
    const connected = this.links.filter(({ ready }) => ready)
    if (connected.length === 0) for (const seed of this.#seeds) this.#linkAt(seed) // all servers may have new addresses
    for (const link of shuffled(connected)) {
      const ranges = await answerWithin(
        refreshTimeoutMs,
        link.redis.call('CLUSTER', 'SLOTS') as Promise<SlotRange[]>,
      ).catch(() => [])
      if (this.#closed) return
      if (ranges.length > 0) return this.#adopt(ranges, link)
    }
  }

  #adopt(ranges: SlotRange[], from: RedisLink): void {
    const slots: (string | undefined)[] = Array(slotCount)
    for (const [first, last, [host, port]] of ranges) {
      slots.fill(absolute(`${host ?? ''}:${port}`, from), first, last + 1)
    }
    this.#slots = slots
    this.#stale = false
    this.#mapLostAt = undefined
    const masters = new Set(slots.flatMap((address) => address ?? []))
    for (const address of masters) this.#linkAt(address)
    for (const [address, link] of this.#links) {
      if (masters.has(address)) continue
      this.#links.delete(address)
      inBackground(() => link.close(), this.#events.failed)
    }
    this.#events.changed()
  }

  #linkAt(address: string): RedisLink {
    const existing = this.#links.get(address)
    if (existing) return existing
    const colon = address.lastIndexOf(':')
    const endpoint = { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }
    const changed = () => {
      if (this.#links.get(address) !== link) return
      this.refresh()
      this.#events.changed()
    }
    const link = this.#open(address, endpoint, { up: changed, down: changed, moved: changed })
    this.#links.set(address, link)
    this.#events.opened(link)
    return link
  }
}

/** A server that does not know its own host omits it. The host is then that of the link over which it answered. */
function absolute(address: string, { address: origin }: RedisLink): string {
  return address.startsWith(':') || address.startsWith('?:')
    ? `${origin.slice(0, origin.lastIndexOf(':'))}${address.slice(address.lastIndexOf(':'))}`
    : address
}

function shuffled<T>(items: T[]): T[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item)
}
