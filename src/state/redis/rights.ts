import { readFileSync } from 'node:fs'
import type { StoreProblem } from '../../core/ports/state.ts'
import type { RedisClient } from './client.ts'
import type { Keys } from './keys.ts'
import { answerWithin } from './link.ts'
import { denied, type RedisReport } from './report.ts'

/** How long Redis may take to say what the user may do, ms. */
const checkTimeoutMs = 2000

/** How often Redis is asked again while rights are missing, ms. */
const retryIntervalMs = 2000

/** How many missing rights are named. */
const maxNamed = 8

const script = readFileSync(new URL('lua/missing-rights.lua', import.meta.url), 'utf8')

type Invocation = [command: string, ...args: string[]]

/** One invocation for each command, kind of key and kind of channel that serving needs. */
export function neededRights(keys: Keys, prefix: string): Invocation[] {
  const room = 'portal/room' as Parameters<Keys['room']>[0]
  const ofRoom = [keys.members(room), keys.streams(room), keys.subscriptions(room), keys.log(room), keys.closed(room)]
  const ofOne = [keys.session, keys.replies, keys.token, keys.announced, keys.left].map((key) => key(room, 'id'))
  const ofDialect = [keys.sizes, keys.counted, keys.broadcastClaim].map((key) => key('rooms'))
  const ofNode = [keys.nodes, keys.node('id'), keys.nodeRooms('id'), keys.waiting, keys.waitingClock]
  const listed = [keys.rooms, keys.names, keys.legacyNonce('id')]
  const all = [keys.room(room), ...ofRoom, ...ofOne, ...ofDialect, ...ofNode, ...listed]
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
    ['psubscribe', `${prefix}:io#/#*`], // those of the other namespaces show when they are subscribed to
    ['punsubscribe'],
    ['publish', `${prefix}:io#/#`, ''],
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

/** Asks each server whether the user may do what a node does: on every new connection, and again while rights are missing. */
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

  /** What the user may not do, as far as is known. */
  get problem(): StoreProblem | undefined {
    return this.#missing ? denied(this.#missing, 'see the rule for ACL in docs/operations.md') : undefined
  }

  /** @throws Error when a server does not answer */
  async check(): Promise<void> {
    const links = this.#client.links.filter(({ ready }) => ready)
    if (links.length === 0) return
    const answers = await Promise.all(links.map(({ redis }) => answerWithin(checkTimeoutMs, this.#ask(redis))))
    const missing = [...new Set(answers.flat())]
    const rest = missing.length > maxNamed ? [`and ${missing.length - maxNamed} more`] : []
    const words = [...missing.slice(0, maxNamed), ...rest].join(', ')
    if (words && words !== this.#missing) this.#report.denied(words)
    this.#missing = words || undefined
    clearTimeout(this.#retry)
    if (!this.#missing || this.#closed) return
    this.#retry = setTimeout(() => this.#checkAgain(), retryIntervalMs)
    this.#retry.unref()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#retry)
  }

  /** A server that does not answer is asked again when it has a new connection, and by /readyz. */
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
