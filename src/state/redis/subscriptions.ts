import { Command } from 'ioredis'
import { inBackground } from '../../core/background.ts'
import type { Trouble } from '../../core/ports/state.ts'
import type { RedisClient } from './client.ts'
import { denied, type RedisReport, unreachable } from './report.ts'

export type SubscriptionKind = 'subscribe' | 'psubscribe' | 'ssubscribe'

type Subscription = {
  readonly kind: SubscriptionKind
  readonly channel: string
  readonly slot: number | null
  /** The connection on which it was confirmed last. */
  home?: string | undefined
  /** Why it could not be made. */
  error?: string
}

/** How many channels one command subscribes to. */
const maxChannels = 500

/** How long it waits before it tries again what was refused, ms: the first time, and at most. */
const retryMs = { first: 250, most: 4000 }

/**
 * What one client listens to. A subscription is made again on each new connection, for as long as it takes, and
 * told when it is confirmed there: what was published in between was not heard.
 */
export class Subscriptions {
  readonly #client: RedisClient
  readonly #again: (channels: string[]) => void
  readonly #report: RedisReport
  readonly #wanted = new Map<string, Subscription>()
  readonly #noted = new Set<string>()
  #busy = false
  #changed = false
  #retry: NodeJS.Timeout | undefined
  #delay = retryMs.first
  #closed = false

  /**
   * @param again channels that were confirmed again
   * @param report is told each subscription that Redis refuses once
   */
  constructor(client: RedisClient, again: (channels: string[]) => void, report: RedisReport) {
    this.#client = client
    this.#again = again
    this.#report = report
    client.on('topology', () => this.#establish())
  }

  /** Resolves when it is confirmed. @throws Error when it cannot be now; it is made as soon as it can be, all the same */
  async add(kind: SubscriptionKind, channel: string): Promise<void> {
    const slot = new Command(kind, [channel]).getSlot()
    const subscription: Subscription = { kind, channel, slot: kind === 'ssubscribe' ? slot : null }
    this.#wanted.set(`${kind} ${channel}`, subscription)
    try {
      await this.#subscribe([subscription])
    } catch (error) {
      this.#tryLater()
      throw error
    }
  }

  /** Resolves when it is gone. Nothing is done where there is none. */
  async remove(kind: SubscriptionKind, channel: string): Promise<void> {
    if (!this.#wanted.delete(`${kind} ${channel}`)) return
    const end = { subscribe: 'unsubscribe', psubscribe: 'punsubscribe', ssubscribe: 'sunsubscribe' } as const
    await this.#client[end[kind]](channel)
  }

  /** Why it does not hear everything that it should. */
  get trouble(): Trouble | undefined {
    let lost = 0
    for (const { kind, channel, slot, home, error } of this.#wanted.values()) {
      if (error?.startsWith('NOPERM')) return denied(`${kind} ${channel}`, error)
      if (error !== undefined || (home !== undefined && home !== this.#client.homeOf(slot))) lost += 1
    }
    return lost > 0 ? unreachable(`${lost} channels are not subscribed to yet`) : undefined
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#retry)
  }

  /** Makes all that are not on the connection that they belong to. */
  #establish(): void {
    this.#changed = true
    if (this.#busy) return
    this.#busy = true
    clearTimeout(this.#retry)
    inBackground(
      () => this.#makeAll(),
      (error) => {
        this.#tryLater()
        this.#report.failed(error)
      },
    )
  }

  async #makeAll(): Promise<void> {
    try {
      while (this.#changed && !this.#closed) {
        this.#changed = false
        const results = await Promise.all(this.#batches().map((batch) => this.#attempt(batch)))
        if (results.includes(false)) this.#tryLater()
        else this.#delay = retryMs.first
      }
    } finally {
      this.#busy = false
    }
  }

  /** False: it has to be made later. */
  async #attempt(batch: Subscription[]): Promise<boolean> {
    try {
      await this.#subscribe(batch)
    } catch {
      return false
    }
    inBackground(() => this.#again(batch.map(({ channel }) => channel)), this.#report.failed)
    return true
  }

  #tryLater(): void {
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => this.#establish(), this.#delay)
    this.#retry.unref()
    this.#delay = Math.min(this.#delay * 2, retryMs.most)
  }

  /** One command for channels that may be named together: sharded ones of the same server, where there are no slots. */
  #batches(): Subscription[][] {
    const batches: Subscription[][] = []
    const open = new Map<string, Subscription[]>()
    const alone = this.#client.links.length > 1
    for (const subscription of this.#wanted.values()) {
      const home = this.#client.homeOf(subscription.slot)
      if (home === undefined || subscription.home === home) continue
      const { kind, slot } = subscription
      const key = kind === 'ssubscribe' ? `${home} ${alone ? slot : ''}` : subscription.channel
      const batch = open.get(key)
      if (batch && batch.length < maxChannels) batch.push(subscription)
      else {
        const fresh = [subscription]
        open.set(key, fresh)
        batches.push(fresh)
      }
    }
    return batches
  }

  /** Each channel once, and of the rooms' only the first: the rest is like it. */
  #noteRefusal(batch: Subscription[]): void {
    const [{ kind, channel }] = batch as [Subscription]
    const what = `${kind} ${kind === 'ssubscribe' ? '' : channel}`
    if (this.#noted.has(what)) return
    this.#noted.add(what)
    this.#report.denied(`${kind} ${channel}`)
  }

  async #subscribe(batch: Subscription[]): Promise<void> {
    const [{ kind, slot }] = batch as [Subscription]
    try {
      const channels = batch.map(({ channel }) => channel)
      const home = await this.#client.subscribeTo(kind, channels)
      for (const subscription of batch) Object.assign(subscription, { home, error: undefined })
      // the slot moved, or the connection broke, while the answer was on its way
      if (home !== this.#client.homeOf(slot)) this.#tryLater()
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      if (message.startsWith('NOPERM')) this.#noteRefusal(batch)
      for (const subscription of batch) subscription.error = message
      throw error
    }
  }
}
