import type { Entry, RoomId } from '../../core/model.ts'
import type { PubSub } from '../../core/ports/pub-sub.ts'
import type { StoreProblem } from '../../core/ports/state.ts'
import type { RedisClient } from './client.ts'
import { parseEntry } from './entry-json.ts'
import type { Keys } from './keys.ts'
import type { RedisReport } from './report.ts'
import type { Scripts } from './scripts.ts'
import { Subscriptions } from './subscriptions.ts'

/**
 * The live side of the logs over sharded pub/sub, on a connection of its own (one per master of a cluster).
 * A subscription that was confirmed again is reported as a reset.
 */
export class RedisPubSub implements PubSub {
  readonly #subscriptions: Subscriptions
  readonly #scripts: Scripts
  readonly #keys: Keys
  /** By channel; one that is no room's is only listened to. */
  readonly #channels = new Map<string, { room?: RoomId; onEntry: (text: string) => void }>()
  readonly #unreadable: RedisReport['unreadable']
  #reset: (rooms: RoomId[]) => void = () => {}

  constructor(client: RedisClient, scripts: Scripts, keys: Keys, report: RedisReport) {
    this.#subscriptions = new Subscriptions(client, (channels) => this.#report(channels), report)
    this.#scripts = scripts
    this.#keys = keys
    this.#unreadable = report.unreadable
    client.on('smessage', (channel: string, text: string) => this.#receive(channel, text))
  }

  async subscribe(room: RoomId, onEntry: (entry: Entry) => void): Promise<void> {
    const channel = this.#keys.feed(room)
    this.#channels.set(channel, { room, onEntry: (text) => onEntry(entryOf(text)) })
    try {
      await this.#scripts.timed('subscribe', () => this.#subscriptions.add('ssubscribe', channel))
    } catch (error) {
      this.#channels.delete(channel)
      this.#subscriptions.remove('ssubscribe', channel).catch(() => {}) // a subscription too many does no harm
      throw error
    }
  }

  /** Listens to a channel that is no room's, for good. Resolves when that is confirmed, or has to wait for Redis. */
  async subscribeRaw(channel: string, onEntry: (text: string) => void): Promise<void> {
    this.#channels.set(channel, { onEntry })
    await this.#scripts.timed('subscribe', () => this.#subscriptions.add('ssubscribe', channel)).catch(() => {})
  }

  async unsubscribe(room: RoomId): Promise<void> {
    const channel = this.#keys.feed(room)
    if (!this.#channels.delete(channel)) return
    await this.#scripts.timed('unsubscribe', () => this.#subscriptions.remove('ssubscribe', channel))
  }

  get problem(): StoreProblem | undefined {
    return this.#subscriptions.problem
  }

  close(): void {
    this.#subscriptions.close()
  }

  onResubscribed(reset: (rooms: RoomId[]) => void): void {
    this.#reset = reset
  }

  /** Catches errors: in ioredis they would end the process. The room is then read from its log, in case an entry was lost. */
  #receive(channel: string, text: string): void {
    try {
      this.#channels.get(channel)?.onEntry(text)
    } catch (error) {
      this.#unreadable(channel, error)
      this.#report([channel])
    }
  }

  #report(channels: string[]): void {
    const rooms = channels.flatMap((channel) => this.#channels.get(channel)?.room ?? [])
    if (rooms.length > 0) this.#reset(rooms)
  }
}

/** @throws SyntaxError, TypeError when the text is not a log entry */
function entryOf(text: string): Entry {
  const entry: Partial<Entry> | null = parseEntry(text)
  if (!Number.isSafeInteger(entry?.seq) || typeof entry?.event !== 'string') throw new TypeError('Not a log entry')
  return entry as Entry
}
