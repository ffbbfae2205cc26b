import { EventEmitter } from 'node:events'
import { inBackground } from '../../core/background.ts'
import type { StoreProblem } from '../../core/ports/store.ts'
import type { RedisClient, SubscriptionKind } from './client.ts'
import { connect, type RedisTarget } from './connection.ts'
import { noReport, type RedisReport } from './report.ts'
import { Subscriptions } from './subscriptions.ts'

/**
 * The two connections of Socket.IO's adapter and emitter. These do not handle rejected promises, so no promise of their methods
 * rejects.
 */
export class AdapterLane {
  readonly pub: Publisher
  readonly sub: Subscriber
  readonly #clients: RedisClient[]

  constructor(target: RedisTarget, report: RedisReport = noReport) {
    const pub = connect(target, 'adapter', report, false)
    const sub = connect(target, 'adapter', report)
    this.#clients = [pub, sub]
    this.pub = new Publisher(pub)
    this.sub = new Subscriber(sub, report)
  }

  /** Why some messages are not sent or not received; undefined while all are. */
  get problem(): StoreProblem | undefined {
    return this.#clients.find(({ problem }) => problem)?.problem ?? this.sub.problem
  }

  async close(): Promise<void> {
    this.sub.close()
    await Promise.all(this.#clients.map((client) => client.close()))
  }
}

/** Drops a message if Redis cannot publish it at once. */
class Publisher extends EventEmitter {
  readonly #client: RedisClient

  constructor(client: RedisClient) {
    super()
    this.#client = client
  }

  publish(channel: string, message: string | Buffer): Promise<number> {
    return this.#client.publish(channel, message).catch(() => 0)
  }
}

/** Repeats its subscriptions on every new connection until Redis confirms them. */
class Subscriber extends EventEmitter {
  readonly #subscriptions: Subscriptions
  readonly #pending = new Set<Promise<unknown>>()
  readonly #unreadable: RedisReport['unreadable']

  constructor(client: RedisClient, report: RedisReport) {
    super()
    this.#unreadable = report.unreadable
    this.#subscriptions = new Subscriptions(client, () => {}, report)
    client.on('messageBuffer', (channel: Buffer, message: Buffer) =>
      this.#receive('messageBuffer', channel, channel, message),
    )
    client.on('pmessageBuffer', (pattern: Buffer, channel: Buffer, message: Buffer) =>
      this.#receive('pmessageBuffer', channel, pattern, channel, message),
    )
  }

  get problem(): StoreProblem | undefined {
    return this.#subscriptions.problem
  }

  subscribe(...channels: (string | string[])[]): Promise<void> {
    return this.#each(channels, (channel) => this.#subscriptions.add('subscribe', channel))
  }

  psubscribe(...patterns: (string | string[])[]): Promise<void> {
    return this.#each(patterns, (pattern) => this.#subscriptions.add('psubscribe', pattern))
  }

  unsubscribe(...channels: (string | string[])[]): Promise<void> {
    return this.#remove('subscribe', channels)
  }

  punsubscribe(...patterns: (string | string[])[]): Promise<void> {
    return this.#remove('psubscribe', patterns)
  }

  /** Resolves when Redis has confirmed every subscription that was requested so far, or refused it, or does not answer. */
  async confirmed(): Promise<void> {
    await Promise.all(this.#pending)
  }

  close(): void {
    this.#subscriptions.close()
  }

  /**
   * Passes a message to the adapter of each namespace. Any program may publish on its channel. An adapter that cannot decode the
   * message throws or, if it is asynchronous, rejects: without a handler that would end the process, or keep the message from
   * the other adapters.
   */
  #receive(event: string, channel: Buffer, ...args: Buffer[]): void {
    for (const listener of this.listeners(event)) {
      inBackground(
        () => listener(...args),
        (error) => this.#unreadable(channel.toString(), error),
      )
    }
  }

  #remove(kind: SubscriptionKind, channels: (string | string[])[]): Promise<void> {
    return this.#each(channels, (channel) => this.#subscriptions.remove(kind, channel))
  }

  async #each(channels: (string | string[])[], act: (channel: string) => Promise<void>): Promise<void> {
    const done = Promise.allSettled(channels.flat().map(act))
    this.#pending.add(done)
    await done
    this.#pending.delete(done)
  }
}
