import { Command, Redis } from 'ioredis'
import { inBackground } from '../../core/background.ts'
import { requestTimeoutMs } from '../../core/deadline.ts'
import type { StoreProblem } from '../../core/ports/store.ts'
import { Call, type CallEvents } from './call.ts'
import { isBroken, isRepeatable, isTransient, mayBeExecuted } from './command-errors.ts'
import type { RedisLink } from './link.ts'
import { probeIntervalMs } from './probe.ts'
import type { Topology, TopologyEvents } from './topology.ts'

/**
 * The maximum time of a command, ms; after it the node refuses the request as `unavailable`. It is not shorter than the time-out
 * of a request, because Redis may execute the command until the deadline of its request: an earlier refusal might be wrong.
 */
export const commandTimeoutMs = requestTimeoutMs

/** The maximum size of all commands in flight and queued, bytes. Beyond it, commands are rejected at once. */
const maxPendingBytes = 32 * 1024 * 1024

/** The delay before a command is retried, ms, when its slot is migrating or its server is starting. */
const retryDelayMs = 100

export type SubscriptionKind = 'subscribe' | 'psubscribe' | 'ssubscribe'

/**
 * All commands of ioredis, over the links of a topology. It replaces the queues of ioredis, which have no time-out: this client
 * rejects a command after `commandTimeoutMs` without an answer, and does not write it after that. Emits `topology` whenever the
 * usable connections, or their slots, change.
 */
export class RedisClient extends Redis {
  readonly #topology: Topology
  readonly #waits: boolean
  readonly #failed: (error: unknown) => void
  readonly #waiting = new Set<Call>()
  readonly #timer: NodeJS.Timeout
  #pendingBytes = 0
  #closed = false

  /**
   * @param waits whether a command waits while its connection is down, or is rejected at once
   * @param failed receives errors of background work and of event listeners
   */
  constructor(topologyOf: (events: TopologyEvents) => Topology, waits: boolean, failed: (error: unknown) => void) {
    super({ lazyConnect: true }) // inherited for the methods: this object itself never connects
    this.#waits = waits
    this.#failed = failed
    this.#topology = topologyOf({
      opened: ({ redis }) => {
        redis.on('smessage', (channel: string, text: string) => this.emit('smessage', channel, text))
        redis.on('messageBuffer', (...message: unknown[]) => this.emit('messageBuffer', ...message))
        redis.on('pmessageBuffer', (...message: unknown[]) => this.emit('pmessageBuffer', ...message))
      },
      changed: () => this.#changed(),
      failed,
    })
    this.#timer = setInterval(() => this.#flush(), probeIntervalMs)
    this.#timer.unref()
  }

  /** Every connection that is open, or being opened. */
  get links(): RedisLink[] {
    return this.#topology.links
  }

  /** The connections to the sentinels; empty in other modes. */
  get sentinels(): RedisLink[] {
    return this.#topology.sentinels
  }

  /** Why some commands cannot be executed; undefined while all can. */
  get problem(): StoreProblem | undefined {
    return this.#topology.problem
  }

  /** The address of the server that has a key, in the form of its link; empty while the server is unknown. */
  addressOf(key: string): string {
    return this.#topology.linkFor(this.#topology.slotOfKey(key))?.address ?? ''
  }

  /** The id of the connection used for a slot's subscriptions; undefined while it is down. */
  linkOf(slot: number | null): string | undefined {
    const link = this.#topology.linkFor(slot)
    return link?.ready ? link.id : undefined
  }

  override sendCommand(command: Command): Promise<unknown> {
    this.#perform(command)
    return command.promise
  }

  /** Resolves to the id of the connection that confirmed the subscription. The slot may have moved to another one by then. */
  async subscribeTo(kind: SubscriptionKind, channels: string[]): Promise<string | undefined> {
    const command = new Command(kind, channels)
    const call = this.#perform(command)
    await command.promise
    return call?.writtenTo
  }

  #perform(command: Command): Call | undefined {
    if (this.#closed) command.reject(new Error('The connections to Redis are closed'))
    else if (this.#pendingBytes > maxPendingBytes) command.reject(new Error('Too many commands wait for Redis'))
    else {
      const call = new Call(command, this.#topology.slotOf(command), commandTimeoutMs, this.#calls)
      this.#pendingBytes += call.bytes
      this.#send(call)
      return call
    }
    return undefined
  }

  override disconnect(): void {
    inBackground(() => this.close(), this.#failed)
  }

  /** Rejects the commands that wait. Commands that were written are still answered if Redis answers in time. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#timer)
    for (const call of this.#waiting) call.fail(new Error('The connections to Redis are closed'))
    await this.#topology.close()
  }

  readonly #calls: CallEvents = {
    expired: (call) => call.fail(new Error(this.#whyLate(call))),
    refused: (call, error, from) => this.#refused(call, error, from),
    settled: (call) => {
      this.#waiting.delete(call)
    },
    freed: ({ bytes }) => {
      this.#pendingBytes -= bytes
    },
  }

  #send(call: Call): void {
    const link = this.#topology.linkFor(call.slot)
    if (link?.ready) {
      this.#write(call, link)
      return
    }
    const down = this.#closed || !this.#waits || this.#topology.downMs(call.slot) > commandTimeoutMs
    if (down) call.fail(new Error((link?.problem ?? this.problem)?.detail ?? 'No connection to Redis'))
    else this.#waiting.add(call)
  }

  #write(call: Call, link: RedisLink, asking = false): void {
    this.#waiting.delete(call)
    call.write(link, asking)
  }

  #whyLate({ link, slot }: Call): string {
    const to = link ?? this.#topology.linkFor(slot)
    const noAnswer = `${to?.address ?? 'Redis'}: no answer for ${commandTimeoutMs / 1000} s`
    return (to ?? this).problem?.detail ?? noAnswer
  }

  /** Follows redirections, retries transient errors, and returns any other error to the caller. */
  #refused(call: Call, error: Error, from: RedisLink | undefined): void {
    const { message } = error
    const [kind, slot, address = ''] = message.split(' ')
    if (from && kind === 'MOVED') {
      if (this.#topology.moved(Number(slot), address, from)) this.#redirect(call)
      else call.fail(error)
    } else if (from && kind === 'ASK') {
      const link = this.#topology.linkTo(address, from)
      if (link.ready) this.#write(call, link, true)
      else this.#sendLater(call)
    } else if (isTransient(message)) {
      if (kind === 'READONLY') from?.replace(message)
      this.#topology.refresh()
      this.#sendLater(call)
    } else if (from && mayBeExecuted(message) && !isRepeatable(call.name)) call.fail(error)
    else if (isBroken(message) && !from?.ready) this.#send(call)
    else if (isBroken(message)) this.#sendLater(call)
    else call.fail(error)
  }

  /** The first time at once, then after a pause: two servers may redirect to each other. */
  #redirect(call: Call): void {
    call.redirections += 1
    if (call.redirections === 1) this.#send(call)
    else this.#sendLater(call)
  }

  #sendLater(call: Call): void {
    this.#waiting.add(call)
    setTimeout(() => {
      if (this.#waiting.has(call)) this.#send(call)
    }, retryDelayMs)
  }

  #flush(): void {
    for (const call of [...this.#waiting]) this.#send(call)
  }

  #changed(): void {
    this.#flush()
    if (!this.#closed) this.emit('topology')
  }
}
