import { Command } from 'ioredis'
import { inBackground } from '../../core/background.ts'
import type { StoreProblem } from '../../core/ports/store.ts'
import type { RedisClient, SubscriptionKind } from './client.ts'
import { denied, type RedisReport, unreachable } from './report.ts'

type ChannelSubscription = {
  readonly kind: SubscriptionKind
  readonly channel: string
  readonly slot: number | null
  /** The id of the connection on which Redis confirmed it last. */
  link?: string | undefined
  /** The last refusal or failure; undefined after a confirmation. */
  error?: string
}

/** How many channels one command subscribes to at most. */
const maxChannels = 500

/** The delay before failed subscriptions are retried, ms. It doubles from `first` up to `max`. */
const retryMs = { first: 250, max: 4000 }

/**
 * The subscriptions of one client. It repeats them on each new connection until Redis confirms them. Then it calls
 * `onResubscribed`, because messages that were published in between are lost.
 */
export class Subscriptions {
  readonly #client: RedisClient
  readonly #onResubscribed: (channels: string[]) => void
  readonly #report: RedisReport
  readonly #wanted = new Map<string, ChannelSubscription>()
  readonly #reported = new Set<string>()
  /** Whether `#makeAll` runs. */
  #busy = false
  /** Whether `#makeAll` has to examine the subscriptions again. */
  #changed = false
  #retry: NodeJS.Timeout | undefined
  #delay = retryMs.first
  #closed = false

  /**
   * @param onResubscribed receives channels that Redis has confirmed again, or for the first time after `add` rejected
   * @param report receives each subscription for which rights are missing, once
   */
  constructor(client: RedisClient, onResubscribed: (channels: string[]) => void, report: RedisReport) {
    this.#client = client
    this.#onResubscribed = onResubscribed
    this.#report = report
    client.on('topology', () => this.#establish())
  }

  /** Resolves when Redis has confirmed the subscription. @throws Error if it did not; the client retries nevertheless */
  async add(kind: SubscriptionKind, channel: string): Promise<void> {
    const slot = new Command(kind, [channel]).getSlot()
    const subscription: ChannelSubscription = { kind, channel, slot: kind === 'ssubscribe' ? slot : null }
    this.#wanted.set(`${kind} ${channel}`, subscription)
    try {
      await this.#subscribe([subscription])
    } catch (error) {
      this.#retryLater()
      throw error
    }
  }

  /** Resolves when Redis has removed the subscription; at once if it was not added. */
  async remove(kind: SubscriptionKind, channel: string): Promise<void> {
    if (!this.#wanted.delete(`${kind} ${channel}`)) return
    const end = { subscribe: 'unsubscribe', psubscribe: 'punsubscribe', ssubscribe: 'sunsubscribe' } as const
    await this.#client[end[kind]](channel)
  }

  /** Why some messages do not arrive: a right is missing, or Redis has not confirmed subscriptions on the present connection. */
  get problem(): StoreProblem | undefined {
    let missing = 0
    for (const { kind, channel, slot, link, error } of this.#wanted.values()) {
      if (error?.startsWith('NOPERM')) return denied(`${kind} ${channel}`, error)
      if (error !== undefined || (link !== undefined && link !== this.#client.linkOf(slot))) missing += 1
    }
    return missing > 0 ? unreachable(`Redis has not confirmed the subscriptions to ${missing} channels yet`) : undefined
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#retry)
  }

  /** Makes every subscription that is not confirmed on the connection of its slot. */
  #establish(): void {
    this.#changed = true
    if (this.#busy) return
    this.#busy = true
    clearTimeout(this.#retry)
    inBackground(
      () => this.#makeAll(),
      (error) => {
        this.#retryLater()
        this.#report.failed(error)
      },
    )
  }

  async #makeAll(): Promise<void> {
    try {
      while (this.#changed && !this.#closed) {
        this.#changed = false
        const results = await Promise.all(this.#batches().map((batch) => this.#attempt(batch)))
        if (results.includes(false)) this.#retryLater()
        else this.#delay = retryMs.first
      }
    } finally {
      this.#busy = false
    }
  }

  /** Resolves to false if it failed and has to be retried. */
  async #attempt(batch: ChannelSubscription[]): Promise<boolean> {
    try {
      await this.#subscribe(batch)
    } catch {
      return false
    }
    inBackground(() => this.#onResubscribed(batch.map(({ channel }) => channel)), this.#report.failed)
    return true
  }

  #retryLater(): void {
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => this.#establish(), this.#delay)
    this.#retry.unref()
    this.#delay = Math.min(this.#delay * 2, retryMs.max)
  }

  /**
   * The subscriptions to make, in batches of one command each. SSUBSCRIBE takes several channels, which in a Redis Cluster have to
   * be in one slot. Each of the few other subscriptions is a command of its own.
   */
  #batches(): ChannelSubscription[][] {
    const batches: ChannelSubscription[][] = []
    const open = new Map<string, ChannelSubscription[]>()
    const bySlot = this.#client.links.length > 1
    for (const subscription of this.#wanted.values()) {
      const link = this.#client.linkOf(subscription.slot)
      if (link === undefined || subscription.link === link) continue
      const { kind, slot } = subscription
      const key = kind === 'ssubscribe' ? `${link} ${bySlot ? slot : ''}` : `${kind} ${subscription.channel}`
      const batch = open.get(key)
      if (batch && batch.length < maxChannels) batch.push(subscription)
      else {
        const newBatch = [subscription]
        open.set(key, newBatch)
        batches.push(newBatch)
      }
    }
    return batches
  }

  /** Reports each channel once; of the sharded channels only the first, because one right covers the channels of all rooms. */
  #reportDenied(batch: ChannelSubscription[]): void {
    const [{ kind, channel }] = batch as [ChannelSubscription]
    const subject = `${kind} ${kind === 'ssubscribe' ? '' : channel}`
    if (this.#reported.has(subject)) return
    this.#reported.add(subject)
    this.#report.denied(`${kind} ${channel}`)
  }

  async #subscribe(batch: ChannelSubscription[]): Promise<void> {
    const [{ kind, slot }] = batch as [ChannelSubscription]
    try {
      const channels = batch.map(({ channel }) => channel)
      const link = await this.#client.subscribeTo(kind, channels)
      for (const subscription of batch) Object.assign(subscription, { link, error: undefined })
      // the slot moved, or the connection broke, before the answer arrived
      if (link !== this.#client.linkOf(slot)) this.#retryLater()
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      if (message.startsWith('NOPERM')) this.#reportDenied(batch)
      for (const subscription of batch) subscription.error = message
      throw error
    }
  }
}
