import { Cluster, Command, type Redis } from 'ioredis'
import type { RoomId } from '../../core/model.ts'
import type { ClusterClock } from '../../core/ports/clock.ts'
import type { RedisClient } from './connection.ts'
import type { Keys } from './keys.ts'
import { ServerClock } from './server-clock.ts'

/** The part of ioredis' Cluster that its types do not let pass: the nodes of each slot, its master first. */
type SlotTable = { slots: (string[] | undefined)[] }

/**
 * The clocks of the Redis servers: one, or that of each master of a cluster. Learned from every heartbeat, and whenever a
 * connection is made.
 */
export class RedisClock implements ClusterClock {
  readonly #client: RedisClient
  readonly #keys: Keys
  readonly #servers = new Map<string, ServerClock>()
  /** The latest time that any server has told, ms since the epoch: also after its clock was set back. */
  latest = 0
  /** Until a server has told its time. */
  readonly #ownOffset = Date.now() - performance.now()

  constructor(client: RedisClient, keys: Keys) {
    this.#client = client
    this.#keys = keys
    client.on('ready', () => void this.ask())
  }

  now(room?: RoomId): number {
    return this.at(room === undefined ? this.#keys.nodes : this.#keys.room(room))
  }

  get steppedAt(): number {
    return Math.max(...[...this.#servers.values()].map(({ steppedAt }) => steppedAt), Number.NEGATIVE_INFINITY)
  }

  /** What the server that has a key reads, whole milliseconds since the epoch. */
  at(key: string): number {
    const leases = () => this.#servers.get(this.#serverOf(this.#keys.nodes))?.now()
    return Math.floor(this.#servers.get(this.#serverOf(key))?.now() ?? leases() ?? performance.now() + this.#ownOffset)
  }

  /** The server that has a key told its time, ms since the epoch, in answer to what was asked at `sentAt` (`performance.now()`). */
  learn(key: string, serverMs: number, sentAt: number): void {
    this.#learn(this.#serverOf(key), serverMs, sentAt)
  }

  /** Asks every server for its time. Never rejects: one that does not answer keeps the offset that is known. */
  async ask(): Promise<void> {
    await Promise.all(serversOf(this.#client).map((server) => this.#ask(server).catch(() => {})))
  }

  async #ask(server: Redis): Promise<void> {
    const sentAt = performance.now()
    const [seconds, microseconds] = await server.time()
    const serverMs = Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
    const { host, port } = server.options
    this.#learn(this.#client instanceof Cluster ? `${host}:${port}` : '', serverMs, sentAt)
  }

  #learn(name: string, serverMs: number, sentAt: number): void {
    const server = this.#servers.get(name) ?? new ServerClock()
    this.#servers.set(name, server)
    this.latest = Math.max(this.latest, serverMs)
    server.learn(serverMs, sentAt, performance.now())
  }

  /** As ioredis names it; without a cluster it needs no name. */
  #serverOf(key: string): string {
    if (!(this.#client instanceof Cluster)) return ''
    const slot = new Command('get', [key]).getSlot()
    return (this.#client as unknown as SlotTable).slots[slot ?? 0]?.[0] ?? ''
  }
}

function serversOf(redis: RedisClient): Redis[] {
  return redis instanceof Cluster ? redis.nodes('master') : [redis]
}
