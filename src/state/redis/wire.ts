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
  readonly #rooms = new Map<string, { room: RoomId; hear: (entry: Entry) => void }>()
  #reset: (rooms: RoomId[]) => void = () => {}

  constructor(client: RedisClient, scripts: Scripts, keys: Keys) {
    this.#client = client
    this.#scripts = scripts
    this.#keys = keys
    client.on('smessage', (channel: string, text: string) => this.#rooms.get(channel)?.hear(parseEntry(text)))
    client.on(client instanceof Redis ? 'ready' : 'subscribersReady', () => void this.#resubscribe())
  }

  async listen(room: RoomId, hear: (entry: Entry) => void): Promise<void> {
    const channel = this.#keys.feed(room)
    this.#rooms.set(channel, { room, hear })
    try {
      await this.#scripts.timed('listen', () => this.#client.ssubscribe(channel))
    } catch (error) {
      this.#rooms.delete(channel)
      throw error
    }
  }

  async unlisten(room: RoomId): Promise<void> {
    const channel = this.#keys.feed(room)
    if (!this.#rooms.delete(channel)) return
    await this.#scripts.timed('unlisten', () => this.#client.sunsubscribe(channel))
  }

  onReset(reset: (rooms: RoomId[]) => void): void {
    this.#reset = reset
  }

  async #resubscribe(): Promise<void> {
    const channels = [...this.#rooms.keys()]
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
    if (this.#rooms.has(channel)) await this.#client.ssubscribe(channel)
  }

  #all(): RoomId[] {
    return [...this.#rooms.values()].map(({ room }) => room)
  }
}
