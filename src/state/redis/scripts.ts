import { readFileSync } from 'node:fs'
import { type Deadline, refuseLate, requestTimeoutMs } from '../../core/deadline.ts'
import { isErrorCode, Overtaken, SignalError } from '../../core/errors.ts'
import { newId } from '../../core/ids.ts'
import type { Retention } from '../../core/ports/state.ts'
import type { RedisClient } from './client.ts'
import type { RedisClock } from './clock.ts'
import type { Keys } from './keys.ts'

/**
 * What a second execution of a script does. When a connection breaks before the answer, the node sends the script again, and
 * Redis may execute both copies.
 * - `same`: it changes nothing, and its answer is equally valid: the script is idempotent by itself.
 * - `op`: the caller passes an operation id, which the participant's session stores.
 * - `remembered`: it would change something or answer wrongly. `_once.lua` stores the first answer for later copies.
 */
type Twice = 'same' | 'op' | 'remembered'

type Script = {
  /** How many keys it takes; `any`: as many as are given. */
  keys: number | 'any'
  twice: Twice
  /** It takes the deadline of the request that it serves, after its own arguments. Other scripts are executed however late. */
  deadline?: true
  /** Redis executes it while its memory is full, because it continues or ends what exists. It always writes. */
  allowOom?: true
}

/** Every script. The file is `lua/<name>.lua`; its header is its contract. */
const scripts = {
  append: { keys: 6, twice: 'op', deadline: true },
  announce: { keys: 5, twice: 'remembered', deadline: true },
  'record-reply': { keys: 2, twice: 'op', deadline: true },
  join: { keys: 10, twice: 'same', deadline: true },
  resume: { keys: 6, twice: 'same', deadline: true, allowOom: true },
  rejoin: { keys: 7, twice: 'same', deadline: true, allowOom: true },
  'renew-ticket': { keys: 1, twice: 'same', deadline: true, allowOom: true },
  'confirm-ticket': { keys: 2, twice: 'same', allowOom: true },
  detach: { keys: 2, twice: 'same', allowOom: true },
  'session-states': { keys: 'any', twice: 'same' },
  reclaim: { keys: 1, twice: 'remembered', deadline: true, allowOom: true },
  leave: { keys: 9, twice: 'remembered', deadline: true, allowOom: true },
  'catch-up-seq': { keys: 3, twice: 'same' },
  restore: { keys: 7, twice: 'same', allowOom: true },
  change: { keys: 6, twice: 'op', deadline: true },
  unpublish: { keys: 8, twice: 'op', deadline: true },
  heartbeat: { keys: 1, twice: 'remembered', allowOom: true },
  'register-node': { keys: 1, twice: 'same', allowOom: true },
  'track-rooms': { keys: 1, twice: 'same', allowOom: true },
  'older-than': { keys: 1, twice: 'same' },
  'open-window': { keys: 2, twice: 'same', allowOom: true },
  'restore-window': { keys: 1, twice: 'same', allowOom: true },
  'expired-windows': { keys: 2, twice: 'same' },
  'remove-if-unchanged': { keys: 1, twice: 'same', allowOom: true },
  'keep-listed': { keys: 1, twice: 'same', allowOom: true },
  'count-open-room': { keys: 2, twice: 'remembered', deadline: true, allowOom: true },
  'add-room': { keys: 1, twice: 'same' },
  unconfigure: { keys: 4, twice: 'remembered', deadline: true, allowOom: true },
  configure: { keys: 1, twice: 'remembered', deadline: true },
  'admin-member': { keys: 4, twice: 'remembered', deadline: true },
  'admin-stream': { keys: 6, twice: 'remembered', deadline: true },
  'claim-nonce': { keys: 2, twice: 'remembered', deadline: true, allowOom: true },
  claim: { keys: 1, twice: 'same', allowOom: true },
} as const satisfies { [name: string]: Script }

/** How far the estimate of a server's clock may be from that clock, ms: half the time that an answer took when it was learned. */
const maxClockErrorMs = 100

/** How often a script is sent again that Redis took for late although it was not: by then its clock is known. */
const maxClockCorrections = 3

export type ScriptName = keyof typeof scripts

/** Redis' answer: integers, strings, lists of them, null for a missing value. */
export type RedisReply = string | number | null | RedisReply[]

type ScriptCommand = (...args: (string | number)[]) => Promise<RedisReply>

/**
 * Called after every call with the operation's name, how long it took, seconds, and whether Redis failed it. `byLeases`:
 * whether the server that keeps the leases was called; false where that is not known.
 */
export type Observe = (operation: string, seconds: number, failed: boolean, byLeases: () => boolean) => void

/** The source of a script, inside the check of the deadline and the memory of answers that its row asks for. */
function bodyOf(name: string, { twice, deadline }: Script): string {
  const limited = [...(deadline ? [read('_deadline')] : []), read(name)].join('\n')
  if (twice !== 'remembered') return limited
  return [read('_once'), 'local function perform()', limited, 'end', 'return remember(perform())'].join('\n')
}

const read = (file: string) => readFileSync(new URL(`lua/${file}.lua`, import.meta.url), 'utf8')

/** The scripts of one connection, and the one place where a Redis error becomes ours. */
export class Scripts {
  readonly client: RedisClient
  readonly clock: RedisClock
  readonly #commands: { [name: string]: ScriptCommand }
  readonly #keys: Keys
  readonly #observe: Observe

  constructor(client: RedisClient, clock: RedisClock, keys: Keys, retention: Retention, observe: Observe = () => {}) {
    const settings = [
      `local LOG_MS, LOG_MAX = ${retention.log * 1000}, ${retention.entries}`,
      `local WINDOW_MS, LEASE_MS = ${retention.window * 1000}, ${retention.lease * 1000}`,
      `local REQUEST_MS = ${requestTimeoutMs}`,
    ].join('\n')
    for (const [name, script] of Object.entries<Script>(scripts)) {
      // the flag has to be the first line; without it Redis refuses the script's first write while its memory is full
      const flags = script.allowOom ? ['#!lua flags=allow-oom'] : []
      const lua = [...flags, settings, read('_prelude'), bodyOf(name, script)].join('\n')
      const remembered = script.twice === 'remembered' ? 1 : 0
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
    const op = script.twice === 'remembered' ? newId() : undefined
    const allKeys = op === undefined ? keys : [...keys, this.#keys.done(keys[0] ?? '', op)]
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
