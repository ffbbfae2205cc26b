import { readFileSync } from 'node:fs'
import type { StoreProblem } from '../../core/ports/store.ts'
import type { RedisClient } from './client.ts'
import type { Keys } from './keys.ts'
import { answerWithin } from './link.ts'
import { denied, type RedisReport } from './report.ts'

/** How long Redis may take to answer which rights are missing, ms. */
const checkTimeoutMs = 2000

/** How often the node checks again while rights are missing, ms. */
const retryIntervalMs = 2000

/** How many missing rights a report names. */
const maxNamed = 8

const script = readFileSync(new URL('lua/missing-rights.lua', import.meta.url), 'utf8')

type Invocation = [command: string, ...args: string[]]

/** An invocation for each command, each kind of key and each kind of channel that a node needs. */
export function neededRights(keys: Keys, prefix: string): Invocation[] {
  const room = 'portal/room' as Parameters<Keys['room']>[0]
  const ofRoom = [keys.members(room), keys.streams(room), keys.subscriptions(room), keys.log(room), keys.closed(room)]
  const ofParticipant = [keys.session, keys.replies, keys.token, keys.appendedSeq, keys.left].map((key) =>
    key(room, 'id'),
  )
  const ofDialect = [keys.sizes, keys.counted, keys.broadcastClaim].map((key) => key('rooms'))
  const ofNodes = [keys.nodes, keys.node('id'), keys.nodeRooms('id'), keys.waiting, keys.waitingClock]
  const ofRooms = [keys.rooms, keys.names]
  const ofNonces = [keys.nonceMemory, keys.nonce('id'), keys.legacyNonce('id')]
  const rememberedIn = [keys.room(room), keys.nodes, keys.sizes('rooms'), keys.nonce('id')]
  const answers = rememberedIn.map((key) => keys.answer(key, 'id'))
  const all = [
    keys.room(room),
    ...[...ofRoom, ...ofParticipant, ...ofDialect, ...ofNodes, ...ofRooms, ...ofNonces, ...answers],
  ]
  const channels = [keys.feed(room), keys.handover('id')]
  return [
    ...commandsOn(keys.room(room)),
    ...all.map((key): Invocation => ['del', key]),
    ...channels.flatMap((channel): Invocation[] => [
      ['ssubscribe', channel],
      ['sunsubscribe', channel],
      ['spublish', channel, ''],
    ]),
    ['subscribe', `${prefix}:io-request#/#`],
    ['unsubscribe', `${prefix}:io-request#/#`],
    ['psubscribe', `${prefix}:io#/#*`], // missing rights for other namespaces show when the adapter subscribes
    ['punsubscribe'],
    ['publish', `${prefix}:io#/#`, ''],
    ['publish', `${prefix}:io-request#/#`, ''],
  ]
}

function commandsOn(key: string): Invocation[] {
  const plain = [
    'exists',
    'persist',
    'unlink',
    'get',
    'hgetall',
    'hkeys',
    'hvals',
    'hlen',
    'lpop',
    'zcard',
    'srandmember',
  ]
  return [
    ['evalsha', '', '1', key],
    ['time'],
    ['ping'],
    ['info'],
    ['quit'],
    ...plain.map((command): Invocation => [command, key]),
    ...['expire', 'pexpire'].map((command): Invocation => [command, key, '1']),
    ...['hget', 'hexists', 'hdel', 'hmget', 'rpush', 'sadd', 'srem', 'zrem', 'zscore'].map(
      (command): Invocation => [command, key, 'x'],
    ),
    ...['set', 'hset', 'hsetnx'].map((command): Invocation => [command, key, 'x', 'x']),
    ...['hincrby', 'zadd'].map((command): Invocation => [command, key, '1', '1']),
    ...['lrange', 'zrange', 'zrevrange', 'zrangebyscore', 'xrange'].map(
      (command): Invocation => [command, key, '0', '1'],
    ),
    ['xadd', key, '*', 'x', 'x'],
    ['xtrim', key, 'MAXLEN', '1'],
  ]
}

/** Checks on each server whether the user has every right that a node needs: on new connections, and while rights are missing. */
export class Rights {
  readonly #client: RedisClient
  readonly #needed: string[]
  readonly #report: RedisReport
  #missing: string | undefined
  #retry: NodeJS.Timeout | undefined
  #closed = false

  constructor(client: RedisClient, needed: Invocation[], report: RedisReport) {
    this.#client = client
    this.#needed = needed.map((invocation) => JSON.stringify(invocation))
    this.#report = report
    client.on('topology', () => this.#checkAgain())
  }

  /** The missing rights that the last check found. */
  get problem(): StoreProblem | undefined {
    return this.#missing
      ? denied(this.#missing, 'grant the user the rights of the ACL rule in docs/operations.md')
      : undefined
  }

  /** @throws Error when a server does not answer */
  async check(): Promise<void> {
    const links = this.#client.links.filter(({ ready }) => ready)
    if (links.length === 0) return
    const answers = await Promise.all(links.map(({ redis }) => answerWithin(checkTimeoutMs, this.#ask(redis))))
    const missing = [...new Set(answers.flat())]
    const more = missing.length > maxNamed ? [`and ${missing.length - maxNamed} more`] : []
    const names = [...missing.slice(0, maxNamed), ...more].join(', ')
    if (names && names !== this.#missing) this.#report.denied(names)
    this.#missing = names || undefined
    clearTimeout(this.#retry)
    if (!this.#missing || this.#closed) return
    this.#retry = setTimeout(() => this.#checkAgain(), retryIntervalMs)
    this.#retry.unref()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#retry)
  }

  /** If a server does not answer, the next new connection checks again, and so does /readyz. */
  #checkAgain(): void {
    this.check().catch(() => {})
  }

  async #ask(redis: RedisClient['links'][number]['redis']): Promise<string[]> {
    try {
      const denied = (await redis.eval(script, 0, ...this.#needed)) as string[]
      return denied.map((text) => (JSON.parse(text) as Invocation).slice(0, 2).join(' '))
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('NOPERM')) return ['eval']
      throw error
    }
  }
}
