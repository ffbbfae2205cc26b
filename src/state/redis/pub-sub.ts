import type { Entry, RoomId } from '../../core/model.ts'
import type { PubSub } from '../../core/ports/pub-sub.ts'
import type { StoreProblem } from '../../core/ports/store.ts'
import type { RedisClient } from './client.ts'
import { parseEntry } from './entry-json.ts'
import type { Keys } from './keys.ts'
import type { RedisReport } from './report.ts'
import type { Scripts } from './scripts.ts'
import { Subscriptions } from './subscriptions.ts'

/**
 * Live entries over sharded pub/sub, on a connection of its own (in a Redis Cluster, one to each master). Reports the rooms whose
 * subscription Redis has confirmed again.
 */
export class RedisPubSub implements PubSub {
  readonly #subscriptions: Subscriptions
  readonly #scripts: Scripts
  readonly #keys: Keys
  /** By channel. `room` is absent for channels that are not a room's feed: no log can fill their gaps. */
  readonly #channels = new Map<string, { room?: RoomId; onMessage: (text: string) => void }>()
  readonly #unreadable: RedisReport['unreadable']
  #onResubscribed: (rooms: RoomId[]) => void = () => {}

  constructor(client: RedisClient, scripts: Scripts, keys: Keys, report: RedisReport) {
    this.#subscriptions = new Subscriptions(client, (channels) => this.#report(channels), report)
    this.#scripts = scripts
    this.#keys = keys
    this.#unreadable = report.unreadable
    client.on('smessage', (channel: string, text: string) => this.#receive(channel, text))
  }

  async subscribe(room: RoomId, onEntry: (entry: Entry) => void): Promise<void> {
    const channel = this.#keys.feed(room)
    this.#channels.set(channel, { room, onMessage: (text) => onEntry(entryOf(text)) })
    try {
      await this.#scripts.call('subscribe', () => this.#subscriptions.add('ssubscribe', channel))
    } catch (error) {
      this.#channels.delete(channel)
      this.#subscriptions.remove('ssubscribe', channel).catch(() => {}) // an unneeded subscription does no harm
      throw error
    }
  }

  /** Subscribes to a channel that is not a room's feed. Resolves when Redis has confirmed it, or does not answer in time. */
  async subscribeRaw(channel: string, onMessage: (text: string) => void): Promise<void> {
    this.#channels.set(channel, { onMessage })
    await this.#scripts.call('subscribe', () => this.#subscriptions.add('ssubscribe', channel)).catch(() => {})
  }

  async unsubscribe(room: RoomId): Promise<void> {
    const channel = this.#keys.feed(room)
    if (!this.#channels.delete(channel)) return
    await this.#scripts.call('unsubscribe', () => this.#subscriptions.remove('ssubscribe', channel))
  }

  get problem(): StoreProblem | undefined {
    return this.#subscriptions.problem
  }

  close(): void {
    this.#subscriptions.close()
  }

  onResubscribed(listener: (rooms: RoomId[]) => void): void {
    this.#onResubscribed = listener
  }

  /** Catches errors, which would end the process from within ioredis. The feed then reads the log, in case an entry was lost. */
  #receive(channel: string, text: string): void {
    try {
      this.#channels.get(channel)?.onMessage(text)
    } catch (error) {
      this.#unreadable(channel, error)
      this.#report([channel])
    }
  }

  #report(channels: string[]): void {
    const rooms = channels.flatMap((channel) => this.#channels.get(channel)?.room ?? [])
    if (rooms.length > 0) this.#onResubscribed(rooms)
  }
}

/** @throws SyntaxError, TypeError when the text is not a log entry */
function entryOf(text: string): Entry {
  const entry: Partial<Entry> | null = parseEntry(text)
  if (!Number.isSafeInteger(entry?.seq) || typeof entry?.event !== 'string')
    throw new TypeError('The message on the channel of a room is not a log entry')
  return entry as Entry
}
