import { readFileSync } from 'node:fs'
import { type Deadline, refuseLate, requestTimeoutMs } from '../../core/deadline.ts'
import { isErrorCode, Overtaken, SignalError } from '../../core/errors.ts'
import type { Retention } from '../../core/ports/state.ts'
import type { RedisClient } from './client.ts'
import type { RedisClock } from './clock.ts'

/** Every script and how many keys it takes; `any`: as many as are given. The file is `lua/<name>.lua`; its header is its contract. */
const keyCounts = {
  append: 6,
  announce: 5,
  note: 2,
  join: 10,
  resume: 6,
  return: 7,
  renew: 1,
  settle: 2,
  detach: 2,
  held: 'any',
  reclaim: 1,
  leave: 9,
  level: 3,
  vouch: 7,
  change: 6,
  unpublish: 8,
  beat: 1,
  due: 1,
  wait: 2,
  overdue: 2,
  forget: 1,
  enlist: 2,
  admit: 1,
  unconfigure: 3,
  configure: 1,
  permit: 4,
  oversee: 6,
  use: 2,
} as const

/** The scripts that serve a client's request: their last argument is its deadline. Whatever else has to be done is done late. */
const withDeadline: ReadonlySet<string> = new Set([
  'append',
  'announce',
  'note',
  'join',
  'resume',
  'return',
  'renew',
  'leave',
  'change',
  'unpublish',
])

/** How often a script is sent again that Redis took for late although it was not: by then its clock is known. */
const corrections = 3

export type ScriptName = keyof typeof keyCounts

/** Redis' answer: integers, strings, lists of them, null for a missing value. */
export type Reply = string | number | null | Reply[]

type Command = (...args: (string | number)[]) => Promise<Reply>

/** Called after every call with the operation's name, how long it took, seconds, and whether Redis failed it. */
export type Observe = (operation: string, seconds: number, failed: boolean) => void

const read = (file: string) => readFileSync(new URL(`lua/${file}.lua`, import.meta.url), 'utf8')

/** The scripts of one connection, and the one place where a Redis error becomes ours. */
export class Scripts {
  readonly client: RedisClient
  readonly clock: RedisClock
  readonly #commands: { [name: string]: Command }
  readonly #observe: Observe

  constructor(client: RedisClient, clock: RedisClock, retention: Retention, observe: Observe = () => {}) {
    const settings = [
      `local LOG_MS, LOG_MAX = ${retention.log * 1000}, ${retention.entries}`,
      `local WINDOW_MS, LEASE_MS = ${retention.window * 1000}, ${retention.lease * 1000}`,
      `local REQUEST_MS = ${requestTimeoutMs}`,
    ].join('\n')
    for (const [name, numberOfKeys] of Object.entries(keyCounts)) {
      const deadline = withDeadline.has(name) ? [read('_deadline')] : []
      const lua = [settings, read('_prelude'), ...deadline, read(name)].join('\n')
      client.defineCommand(`sb_${name}`, numberOfKeys === 'any' ? { lua } : { lua, numberOfKeys })
    }
    this.client = client
    this.clock = clock
    this.#commands = client as unknown as { [name: string]: Command }
    this.#observe = observe
  }

  /** @throws SignalError: what the script refused, or `unavailable`: also after the deadline, before Redis is asked or by it */
  async run(name: ScriptName, keys: string[], args: (string | number)[], deadline?: Deadline): Promise<Reply> {
    if (!withDeadline.has(name)) return this.#send(name, keys, args)
    for (let attempt = 0; ; attempt += 1) {
      refuseLate(deadline)
      const sentAt = performance.now()
      try {
        return await this.#send(name, keys, [...args, this.#onServer(keys, deadline, sentAt)])
      } catch (error) {
        if (!(error instanceof LateRefusal) || attempt === corrections) throw error
        this.clock.learn(keys[0] ?? '', error.serverMs, sentAt)
      }
    }
  }

  #send(name: ScriptName, keys: string[], args: (string | number)[]): Promise<Reply> {
    const command = this.#commands[`sb_${name}`] as Command
    const count = keyCounts[name] === 'any' ? [keys.length] : []
    return this.timed(name, () => command.call(this.client, ...count, ...keys, ...args))
  }

  /** A deadline on the clock of the server that has the keys. */
  #onServer([key = '']: string[], deadline: Deadline | undefined, now: number): number | '' {
    return deadline === undefined ? '' : this.clock.at(key) + Math.ceil(deadline - now)
  }

  /** A plain command, measured and with its errors put in our words. */
  async timed<T>(operation: string, call: () => Promise<T>): Promise<T> {
    const start = performance.now()
    let failed = false
    try {
      return await call()
    } catch (error) {
      const refusal = translated(error)
      const served = refusal instanceof LateRefusal || refusal instanceof Overtaken
      failed = (refusal.code === 'unavailable' || refusal.code === 'internal') && !served
      throw refusal
    } finally {
      this.#observe(operation, (performance.now() - start) / 1000, failed)
    }
  }
}

/** By the server's clock the deadline was over; what that clock read, ms. */
class LateRefusal extends SignalError {
  readonly serverMs: number

  constructor(serverMs: number, cause: unknown) {
    super('unavailable', 'the deadline of the request is over', { cause })
    this.serverMs = serverMs
  }
}

/** A script or command that failed on what it found under a key. It would fail again. */
const brokenRecord = /^(ERR (user_script|Error running script)|WRONGTYPE)/

/**
 * Scripts refuse with `SB code detail`. A record that a script cannot read is `internal`; anything else is Redis being
 * away, or too busy or full to serve: unavailable. Both with their cause.
 */
function translated(error: unknown): SignalError {
  const message = error instanceof Error ? error.message : String(error)
  const [mark, code = '', detail = ''] = message.split(' ', 3)
  if (mark === 'SB' && code === 'late') return new LateRefusal(Number(detail), error)
  if (mark === 'SB' && code === 'overtaken') return new Overtaken({ cause: error })
  if (mark === 'SB' && isErrorCode(code)) return new SignalError(code, detail, { cause: error })
  return new SignalError(brokenRecord.test(message) ? 'internal' : 'unavailable', '', { cause: error })
}
