import { type Deadline, refuseLate } from '../../core/deadline.ts'
import { isErrorCode, SignalError, SupersededError } from '../../core/errors.ts'
import { newId } from '../../core/ids.ts'
import type { StoreLimits } from '../../core/ports/store.ts'
import type { RedisClient } from './client.ts'
import type { RedisClock } from './clock.ts'
import type { Keys } from './keys.ts'
import { sourceOf } from './script-source.ts'
import { type Script, type ScriptName, scripts } from './script-table.ts'

/** The maximum error of a server's estimated clock, ms: half the round trip of the answer from which it was estimated. */
const maxClockErrorMs = 100

/** How often a script is sent again that Redis refused as late although it was not. Each refusal carries the time of the server. */
const maxClockCorrections = 3

/** An answer of Redis: an integer, a string, null for a missing value, or a list of these. */
export type RedisReply = string | number | null | RedisReply[]

type ScriptCommand = (...args: (string | number)[]) => Promise<RedisReply>

/**
 * Called after every call with the name of the operation, its duration in seconds, and whether Redis failed. `fromLeaseServer`
 * returns whether the server that keeps the leases answered; false if that is unknown.
 */
export type Observe = (operation: string, seconds: number, failed: boolean, fromLeaseServer: () => boolean) => void

/** The scripts of one connection. Translates errors of Redis to SignalError, here only. */
export class Scripts {
  readonly client: RedisClient
  readonly clock: RedisClock
  readonly #commands: { [name: string]: ScriptCommand }
  readonly #keys: Keys
  readonly #observe: Observe

  constructor(client: RedisClient, clock: RedisClock, keys: Keys, limits: StoreLimits, observe: Observe = () => {}) {
    for (const [name, script] of Object.entries<Script>(scripts)) {
      const lua = sourceOf(name, script, limits)
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

  /** @throws SignalError with the code of the script's refusal; `unavailable` if Redis does not answer, and after the deadline */
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
    return this.call(name, () => command.call(this.client, ...count, ...keys, ...args), keys[0])
  }

  /** A deadline on the clock of the server that has the keys. It passes there before the node refuses the request. */
  #onServer([key = '']: string[], deadline: Deadline | undefined, now: number): number | '' {
    return deadline === undefined ? '' : this.clock.at(key) + Math.floor(deadline - now) - maxClockErrorMs
  }

  /** In a Redis Cluster, other servers may answer while the node cannot extend its lease. */
  #isLeaseServer(key: string | undefined): boolean {
    if (this.client.links.length === 1) return true
    return key !== undefined && this.client.addressOf(key) === this.client.addressOf(this.#keys.nodes)
  }

  /**
   * Performs a call to Redis: measures it, reports it to the observer, and translates its errors.
   * @param key a key of the called server, if the server matters to the observer
   */
  async call<T>(operation: string, perform: () => Promise<T>, key?: string): Promise<T> {
    const start = performance.now()
    let failed = false
    try {
      return await perform()
    } catch (error) {
      const refusal = translated(error)
      const answered = refusal instanceof LateRefusal || refusal instanceof SupersededError
      failed = (refusal.code === 'unavailable' || refusal.code === 'internal') && !answered
      throw refusal
    } finally {
      this.#observe(operation, (performance.now() - start) / 1000, failed, () => this.#isLeaseServer(key))
    }
  }
}

/** The script refused because its deadline had passed on the server's clock. `serverMs` is the time of that clock. */
class LateRefusal extends SignalError {
  readonly serverMs: number

  constructor(serverMs: number, cause: unknown) {
    super('unavailable', 'the deadline of the request has passed', { cause })
    this.serverMs = serverMs
  }
}

/** The value of a key cannot be read, so the script or command would fail again. */
const brokenRecord = /^(ERR (user_script|Error running script)|WRONGTYPE)/

/**
 * Scripts refuse with `SB code detail`. A broken record is `internal`. Other errors mean that Redis is down, busy or full:
 * `unavailable`. The original error is the cause.
 */
function translated(error: unknown): SignalError {
  const message = error instanceof Error ? error.message : String(error)
  const [tag, code = '', detail = ''] = message.split(' ', 3)
  if (tag === 'SB' && code === 'late') return new LateRefusal(Number(detail), error)
  if (tag === 'SB' && code === 'superseded') return new SupersededError({ cause: error })
  if (tag === 'SB' && isErrorCode(code)) return new SignalError(code, detail, { cause: error })
  return new SignalError(brokenRecord.test(message) ? 'internal' : 'unavailable', '', { cause: error })
}
