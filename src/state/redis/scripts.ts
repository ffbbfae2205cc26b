import { type Deadline, refuseLate } from '../../core/deadline.ts'
import { isErrorCode, Overtaken, SignalError } from '../../core/errors.ts'
import { newId } from '../../core/ids.ts'
import type { Retention } from '../../core/ports/state.ts'
import type { RedisClient } from './client.ts'
import type { RedisClock } from './clock.ts'
import type { Keys } from './keys.ts'
import { sourceOf } from './script-source.ts'
import { type Script, type ScriptName, scripts } from './script-table.ts'

/** How far the estimate of a server's clock may be from that clock, ms: half the time that an answer took when it was learned. */
const maxClockErrorMs = 100

/** How often a script is sent again that Redis took for late although it was not: by then its clock is known. */
const maxClockCorrections = 3

/** Redis' answer: integers, strings, lists of them, null for a missing value. */
export type RedisReply = string | number | null | RedisReply[]

type ScriptCommand = (...args: (string | number)[]) => Promise<RedisReply>

/**
 * Called after every call with the operation's name, how long it took, seconds, and whether Redis failed it. `byLeases`:
 * whether the server that keeps the leases was called; false where that is not known.
 */
export type Observe = (operation: string, seconds: number, failed: boolean, byLeases: () => boolean) => void

/** The scripts of one connection, and the one place where a Redis error becomes ours. */
export class Scripts {
  readonly client: RedisClient
  readonly clock: RedisClock
  readonly #commands: { [name: string]: ScriptCommand }
  readonly #keys: Keys
  readonly #observe: Observe

  constructor(client: RedisClient, clock: RedisClock, keys: Keys, retention: Retention, observe: Observe = () => {}) {
    for (const [name, script] of Object.entries<Script>(scripts)) {
      const lua = sourceOf(name, script, retention)
      const remembered = script.repeat === 'remembered' ? 1 : 0
      client.defineCommand(
        `sb_${name}`,
        script.keys === 'any' ? { lua } : { lua, numberOfKeys: script.keys + remembered },
      )
    }
    this.client = client
    this.clock = clock
    this.#keys = keys
    this.#commands = client as unknown as { [name: string]: ScriptCommand }
    this.#observe = observe
  }

  /** @throws SignalError: what the script refused, or `unavailable`: also after the deadline, before Redis is asked or by it */
  async run(name: ScriptName, keys: string[], args: (string | number)[], deadline?: Deadline): Promise<RedisReply> {
    const script: Script = scripts[name]
    const op = script.repeat === 'remembered' ? newId() : undefined
    const allKeys = op === undefined ? keys : [...keys, this.#keys.answer(keys[0] ?? '', op)]
    const send = (limit: (string | number)[]) => this.#send(name, allKeys, [...args, ...limit, ...(op ? [op] : [])])
    if (!script.deadline) return send([])
    for (let attempt = 0; ; attempt += 1) {
      refuseLate(deadline)
      const sentAt = performance.now()
      try {
        return await send([this.#onServer(keys, deadline, sentAt)])
      } catch (error) {
        if (!(error instanceof LateRefusal) || attempt === maxClockCorrections) throw error
        this.clock.learn(keys[0] ?? '', error.serverMs, sentAt)
      }
    }
  }

  #send(name: ScriptName, keys: string[], args: (string | number)[]): Promise<RedisReply> {
    const command = this.#commands[`sb_${name}`] as ScriptCommand
    const count = scripts[name].keys === 'any' ? [keys.length] : []
    return this.timed(name, () => command.call(this.client, ...count, ...keys, ...args), keys[0])
  }

  /** A deadline on the clock of the server that has the keys. It is over there before the node says that the request was refused. */
  #onServer([key = '']: string[], deadline: Deadline | undefined, now: number): number | '' {
    return deadline === undefined ? '' : this.clock.at(key) + Math.floor(deadline - now) - maxClockErrorMs
  }

  /** Every server but one of a Redis Cluster may answer while the node cannot extend its lease. */
  #isByLeases(key: string | undefined): boolean {
    if (this.client.links.length === 1) return true
    return key !== undefined && this.client.addressOf(key) === this.client.addressOf(this.#keys.nodes)
  }

  /**
   * A plain command, measured and with its errors put in our words.
   * @param key that the server called has, where that matters
   */
  async timed<T>(operation: string, call: () => Promise<T>, key?: string): Promise<T> {
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
      this.#observe(operation, (performance.now() - start) / 1000, failed, () => this.#isByLeases(key))
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
  const [deliveryState, code = '', detail = ''] = message.split(' ', 3)
  if (deliveryState === 'SB' && code === 'late') return new LateRefusal(Number(detail), error)
  if (deliveryState === 'SB' && code === 'overtaken') return new Overtaken({ cause: error })
  if (deliveryState === 'SB' && isErrorCode(code)) return new SignalError(code, detail, { cause: error })
  return new SignalError(brokenRecord.test(message) ? 'internal' : 'unavailable', '', { cause: error })
}
