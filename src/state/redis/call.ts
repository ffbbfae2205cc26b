import type { Command } from 'ioredis'
import type { RedisLink } from './link.ts'

/** What a command costs beside its arguments, bytes. */
const commandOverheadBytes = 500

export type CallEvents = {
  /** It has no answer, and its time is over. */
  expired(call: Call): void
  /** An answer that is an error, or no answer because the connection broke. @param from the link that it was written to */
  refused(call: Call, error: Error, from: RedisLink | undefined): void
  /** Its promise is settled. */
  settled(call: Call): void
  /** It is settled, and no connection keeps it for an answer any more. */
  freed(call: Call): void
}

/** A command of ioredis on its way, which may be written several times before its promise is settled. */
export class Call {
  /** The command, in small letters. */
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

  /** Where it was written last, until that connection has answered or is gone. */
  get link(): RedisLink | undefined {
    return this.#link
  }

  /** The id of the connection that it was written to last, as it was then. */
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

  /** The connection has let go of it. */
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
