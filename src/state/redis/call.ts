import type { Command } from 'ioredis'
import type { RedisLink } from './link.ts'

/** The estimated memory of a command without its arguments, bytes. */
const commandOverheadBytes = 500

export type CallEvents = {
  /** Redis did not answer in time. */
  expired(call: Call): void
  /** Redis answered with an error, or the connection broke before the answer. @param from the link that it was written to */
  refused(call: Call, error: Error, from: RedisLink | undefined): void
  /** Its promise is settled. */
  settled(call: Call): void
  /** Its promise is settled, and no connection waits for its answer any more. */
  freed(call: Call): void
}

/** A command of ioredis in flight. The client may write it several times before its promise is settled. */
export class Call {
  /** The command in lower case. */
  readonly name: string
  readonly slot: number | null
  readonly bytes: number
  redirections = 0
  readonly #command: Command
  readonly #events: CallEvents
  readonly #reject: (error: Error) => void
  readonly #timer: NodeJS.Timeout
  #link: RedisLink | undefined
  #writtenTo: string | undefined
  #settled = false

  constructor(command: Command, slot: number | null, timeoutMs: number, events: CallEvents) {
    const { resolve, reject } = command
    this.#command = command
    this.#events = events
    this.#reject = reject
    this.name = command.name.toLowerCase()
    this.slot = slot
    this.bytes = sizeOf(command)
    this.#timer = setTimeout(() => events.expired(this), timeoutMs)
    command.resolve = (result: unknown) => {
      this.#answered()
      this.#settle()
      return resolve(result)
    }
    command.reject = (error: Error) => {
      const from = this.#answered()
      if (!this.#settled) events.refused(this, error, from)
    }
  }

  /** The link that it was last written to, until Redis answers there or the connection breaks. */
  get link(): RedisLink | undefined {
    return this.#link
  }

  /** The id that the link had when the command was last written to it. */
  get writtenTo(): string | undefined {
    return this.#writtenTo
  }

  write(link: RedisLink, asking = false): void {
    this.#link = link
    this.#writtenTo = link.id
    if (asking) link.redis.asking().catch(() => {})
    link.redis.sendCommand(this.#command)
  }

  fail(error: Error): void {
    if (this.#settled) return
    this.#settle()
    this.#reject(error)
  }

  /** The connection does not wait for it any more. */
  #answered(): RedisLink | undefined {
    const link = this.#link
    this.#link = undefined
    if (this.#settled && link) this.#events.freed(this)
    return link
  }

  #settle(): void {
    if (this.#settled) return
    this.#settled = true
    clearTimeout(this.#timer)
    this.#events.settled(this)
    if (!this.#link) this.#events.freed(this)
  }
}

function sizeOf({ args }: Command): number {
  let bytes = commandOverheadBytes
  for (const arg of args) {
    bytes += typeof arg === 'string' || Buffer.isBuffer(arg) ? arg.length : 8
  }
  return bytes
}
