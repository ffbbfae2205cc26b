import { type Command, Redis } from 'ioredis'
import type { Trouble } from '../../core/ports/state.ts'
import type { Link } from './link.ts'
import { probeIntervalMs } from './probe.ts'
import type { Topology, TopologyEvents } from './topology.ts'

/** How long a command may take in all, ms. Its request is refused as `unavailable` then. */
export const commandTimeoutMs = 4000

/** How much may be under way to Redis, and wait for it, in bytes: what is beyond is refused at once. */
const maxPendingBytes = 32 * 1024 * 1024

/** What a command costs beside its arguments, bytes. */
const commandOverheadBytes = 500

/** How long a command waits that a slot on the move, or a server that is starting, could not take yet, ms. */
const retryDelayMs = 100

/** Answers of a server that cannot do it now, and may soon. */
const passing = /^(TRYAGAIN|CLUSTERDOWN|LOADING|MASTERDOWN|READONLY) /

/** Messages of ioredis: the connection broke before the answer. */
const broken = /^(Connection is closed|Stream isn't writeable|Command aborted|Reached the max retries per request)/

type Call = {
  readonly command: Command
  readonly slot: number | null
  readonly bytes: number
  /** Where it was written last, until that connection has answered or is gone. */
  link: Link | undefined
  redirections: number
  settled: boolean
  timer: NodeJS.Timeout | undefined
  reject: (error: Error) => void
}

/**
 * All commands of ioredis, over the links of a topology. It takes the place of the queues that ioredis has, which know no
 * time-out: a command is answered, or rejected after `commandTimeoutMs` at the latest, and is not written after that.
 * Emits `topology` whenever other connections can be used.
 */
export class RedisClient extends Redis {
  readonly #topology: Topology
  readonly #waits: boolean
  readonly #waiting = new Set<Call>()
  readonly #timer: NodeJS.Timeout
  #pendingBytes = 0
  #closed = false

  /** @param waits whether a command waits for a connection that is away, or is rejected at once */
  constructor(topologyOf: (events: TopologyEvents) => Topology, waits: boolean) {
    super({ lazyConnect: true }) // for its methods: it never connects itself
    this.#waits = waits
    this.#topology = topologyOf({
      opened: ({ redis }) => {
        redis.on('smessage', (channel: string, text: string) => this.emit('smessage', channel, text))
        redis.on('messageBuffer', (...message: unknown[]) => this.emit('messageBuffer', ...message))
        redis.on('pmessageBuffer', (...message: unknown[]) => this.emit('pmessageBuffer', ...message))
      },
      changed: () => this.#changed(),
    })
    this.#timer = setInterval(() => this.#flush(), probeIntervalMs)
    this.#timer.unref()
  }

  /** Every connection that is open, or should be. */
  get links(): Link[] {
    return this.#topology.links
  }

  /** Why it cannot do all that it is asked; undefined while it can. */
  get trouble(): Trouble | undefined {
    return this.#topology.trouble
  }

  /** The address of the server that has a slot, as its link has it; empty while that is not known. */
  addressOf(slot: number | null): string {
    return this.#topology.linkFor(slot)?.address ?? ''
  }

  /** Names the connection that a subscription for a slot is made on now; undefined while there is none. */
  homeOf(slot: number | null): string | undefined {
    const link = this.#topology.linkFor(slot)
    return link?.ready ? link.id : undefined
  }

  override sendCommand(command: Command): Promise<unknown> {
    const bytes = sizeOf(command)
    if (this.#closed) command.reject(new Error('The connections to Redis are closed'))
    else if (this.#pendingBytes + bytes > maxPendingBytes) command.reject(new Error('Too much waits for Redis already'))
    else this.#take(command, bytes)
    return command.promise
  }

  override disconnect(): void {
    void this.close()
  }

  /** Rejects what waits; what was written is done, if Redis answers. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#timer)
    for (const call of this.#waiting) this.#fail(call, new Error('The connections to Redis are closed'))
    await this.#topology.close()
  }

  #take(command: Command, bytes: number): void {
    const { resolve, reject } = command
    const call: Call = {
      command,
      slot: command.getSlot(),
      bytes,
      link: undefined,
      redirections: 0,
      settled: false,
      timer: setTimeout(() => this.#expire(call), commandTimeoutMs),
      reject,
    }
    this.#pendingBytes += bytes
    command.resolve = (result: unknown) => {
      this.#answered(call)
      this.#settle(call)
      return resolve(result)
    }
    command.reject = (error: Error) => {
      const from = this.#answered(call)
      if (!call.settled) this.#refused(call, error, from)
    }
    this.#send(call)
  }

  #send(call: Call): void {
    const link = this.#topology.linkFor(call.slot)
    if (link?.ready) {
      this.#write(call, link)
      return
    }
    const down = this.#closed || !this.#waits || this.#topology.downMs(call.slot) > commandTimeoutMs
    if (down) this.#fail(call, new Error((link?.trouble ?? this.trouble)?.detail ?? 'No connection to Redis'))
    else this.#waiting.add(call)
  }

  #write(call: Call, link: Link, asking = false): void {
    this.#waiting.delete(call)
    call.link = link
    if (asking) link.redis.asking().catch(() => {})
    link.redis.sendCommand(call.command)
  }

  /** The connection has let go of a call. */
  #answered(call: Call): Link | undefined {
    const { link } = call
    call.link = undefined
    if (call.settled && link) this.#pendingBytes -= call.bytes // it was kept for its answer
    return link
  }

  #settle(call: Call): void {
    if (call.settled) return
    call.settled = true
    clearTimeout(call.timer)
    this.#waiting.delete(call)
    if (!call.link) this.#pendingBytes -= call.bytes
  }

  #fail(call: Call, error: Error): void {
    if (call.settled) return
    this.#settle(call)
    call.reject(error)
  }

  #expire(call: Call): void {
    const link = call.link ?? this.#topology.linkFor(call.slot)
    const silence = `${link?.address ?? 'Redis'}: no answer for ${commandTimeoutMs / 1000} s`
    this.#fail(call, new Error((link ?? this).trouble?.detail ?? silence))
  }

  /** A redirection is followed, what may be better soon is tried again, and the rest is the answer. */
  #refused(call: Call, error: Error, from: Link | undefined): void {
    const { message } = error
    const [kind, slot, address = ''] = message.split(' ')
    if (from && kind === 'MOVED') {
      if (this.#topology.moved(Number(slot), address, from)) this.#redirect(call)
      else this.#fail(call, error)
    } else if (from && kind === 'ASK') {
      const link = this.#topology.linkTo(address, from)
      if (link.ready) this.#write(call, link, true)
      else this.#later(call)
    } else if (passing.test(message)) {
      if (kind === 'READONLY') from?.replace(message)
      this.#topology.refresh()
      this.#later(call)
    } else if (broken.test(message) && !from?.ready) this.#send(call)
    else if (broken.test(message)) this.#later(call)
    else this.#fail(call, error)
  }

  /** At once the first time; then after a pause, so that two servers that name each other do not keep this one busy. */
  #redirect(call: Call): void {
    call.redirections += 1
    if (call.redirections === 1) this.#send(call)
    else this.#later(call)
  }

  #later(call: Call): void {
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

function sizeOf({ args }: Command): number {
  let bytes = commandOverheadBytes
  for (const arg of args) {
    bytes += typeof arg === 'string' || Buffer.isBuffer(arg) ? arg.length : 8
  }
  return bytes
}
