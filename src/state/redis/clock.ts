import { inBackground } from '../../core/background.ts'
import type { RoomId } from '../../core/model.ts'
import type { ClusterClock } from '../../core/ports/clock.ts'
import type { RedisClient } from './client.ts'
import type { Keys } from './keys.ts'
import type { RedisLink } from './link.ts'
import { ServerClock } from './server-clock.ts'

/**
 * The clocks of the Redis servers: one, or one for each master of a Redis Cluster. A node reads them with every heartbeat, and
 * whenever it has connected.
 */
export class RedisClock implements ClusterClock {
  readonly #client: RedisClient
  readonly #keys: Keys
  readonly #servers = new Map<string, ServerClock>()
  /** The latest time that any server has answered, ms since the epoch. It does not fall when a clock is set back. */
  latest = 0
  /** Used until a server has answered its time. */
  readonly #localOffset = Date.now() - performance.now()

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

  /** The time on the server that has a key, whole milliseconds since the epoch. */
  at(key: string): number {
    const leases = () => this.#servers.get(this.#serverOf(this.#keys.nodes))?.now()
    return Math.floor(
      this.#servers.get(this.#serverOf(key))?.now() ?? leases() ?? performance.now() + this.#localOffset,
    )
  }

  /**
   * @param serverMs the time that the server with the key answered, ms since the epoch
   * @param sentAt when the command was sent, on `performance.now()`
   */
  learn(key: string, serverMs: number, sentAt: number): void {
    this.#learn(this.#serverOf(key), serverMs, sentAt)
  }

  /** Reads the time of every server, in the background. If a server does not answer, its last known offset stays. */
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

  #learn(address: string, serverMs: number, sentAt: number): void {
    const server = this.#servers.get(address) ?? new ServerClock()
    this.#servers.set(address, server)
    this.latest = Math.max(this.latest, serverMs)
    server.learn(serverMs, sentAt, performance.now())
  }

  #serverOf(key: string): string {
    return this.#client.addressOf(key)
  }
}

const ignore = () => {}
