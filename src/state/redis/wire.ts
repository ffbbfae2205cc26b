import { Redis } from 'ioredis'
import type { Entry, RoomId } from '../../core/model.ts'
import type { Wire } from '../../core/ports/log.ts'
import type { RedisClient } from './connection.ts'
import { parseEntry } from './draft.ts'
import type { Keys } from './keys.ts'
import type { Scripts } from './scripts.ts'

/**
 * The live side of the logs over sharded pub/sub, on a connection of its own (one per master of a cluster).
 * After a reconnection it subscribes anew, so that it knows when that is confirmed, and then reports a reset.
 */
export class RedisWire implements Wire {
  readonly #client: RedisClient
  readonly #scripts: Scripts
  readonly #keys: Keys
  /** By channel; one that is no room's is only listened to. */
  readonly #channels = new Map<string, { room?: RoomId; hear: (text: string) => void }>()
  #reset: (rooms: RoomId[]) => void = () => {}

  constructor(client: RedisClient, scripts: Scripts, keys: Keys) {
    this.#client = client
    this.#scripts = scripts
    this.#keys = keys
    client.on('smessage', (channel: string, text: string) => this.#channels.get(channel)?.hear(text))
    client.on(client instanceof Redis ? 'ready' : 'subscribersReady', () => void this.#resubscribe())
  }

  async listen(room: RoomId, hear: (entry: Entry) => void): Promise<void> {
    const channel = this.#keys.feed(room)
    this.#channels.set(channel, { room, hear: (text) => hear(parseEntry(text)) })
    try {
      await this.#scripts.timed('listen', () => this.#client.ssubscribe(channel))
    } catch (error) {
      this.#channels.delete(channel)
      throw error
    }
  }

  /** Listens to a channel that is no room's, for good. Resolves when that is confirmed, or has to wait for Redis. */
  async follow(channel: string, hear: (text: string) => void): Promise<void> {
    this.#channels.set(channel, { hear })
    await this.#scripts.timed('listen', () => this.#client.ssubscribe(channel)).catch(() => {})
  }

  async unlisten(room: RoomId): Promise<void> {
    const channel = this.#keys.feed(room)
    if (!this.#channels.delete(channel)) return
    await this.#scripts.timed('unlisten', () => this.#client.sunsubscribe(channel))
  }

  onReset(reset: (rooms: RoomId[]) => void): void {
    this.#reset = reset
  }

  async #resubscribe(): Promise<void> {
    const channels = [...this.#channels.keys()]
    if (channels.length === 0) return
    try {
      if (this.#client instanceof Redis) await this.#client.ssubscribe(...channels)
      else await Promise.all(channels.map((channel) => this.#again(channel)))
      this.#reset(this.#all())
    } catch {
      // the connection is gone again; the next one comes here too
    }
  }

  /** In a cluster ioredis has subscribed already, but nobody is told when that is confirmed; and it notes every call. */
  async #again(channel: string): Promise<void> {
    await this.#client.sunsubscribe(channel)
    if (this.#channels.has(channel)) await this.#client.ssubscribe(channel)
  }

  #all(): RoomId[] {
    return [...this.#channels.values()].flatMap(({ room }) => room ?? [])
  }
}
