import { inBackground } from '../../core/background.ts'
import type { RoomId } from '../../core/model.ts'
import type { ClusterClock } from '../../core/ports/clock.ts'
import type { RedisClient } from './client.ts'
import type { Keys } from './keys.ts'
import type { RedisLink } from './link.ts'
import { ServerClock } from './server-clock.ts'

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
    client.on('topology', () => this.ask())
  }

  now(room?: RoomId): number {
    return this.at(room === undefined ? this.#keys.nodes : this.#keys.room(room))
  }

  bounds(ms: number): { earliest: number; latest: number } {
    const now = this.now()
    const { ahead, back } = this.#servers.get(this.#serverOf(this.#keys.nodes))?.steps(ms) ?? { ahead: 0, back: 0 }
    return { earliest: now - ahead, latest: now + back }
  }

  date(): number {
    return this.now()
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

  /** Asks every server for its time, in the background. One that does not answer keeps the offset that is known. */
  ask(): void {
    for (const link of this.#client.links) {
      if (link.ready) inBackground(() => this.#ask(link), ignore)
    }
  }

  async #ask({ address, redis }: RedisLink): Promise<void> {
    const sentAt = performance.now()
    const [seconds, microseconds] = await redis.time()
    const serverMs = Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
    this.#learn(address, serverMs, sentAt)
  }

  #learn(name: string, serverMs: number, sentAt: number): void {
    const server = this.#servers.get(name) ?? new ServerClock()
    this.#servers.set(name, server)
    this.latest = Math.max(this.latest, serverMs)
    server.learn(serverMs, sentAt, performance.now())
  }

  #serverOf(key: string): string {
    return this.#client.addressOf(key)
  }
}

const ignore = () => {}
