import { SignalError } from '../../core/errors.ts'
import { UnsuitableStoreError } from '../../core/ports/store.ts'
import type { RedisClient } from './client.ts'
import type { RedisTarget } from './connection.ts'
import { answerWithin, type RedisLink } from './link.ts'
import type { RedisReport } from './report.ts'

/** How long a server may take to answer INFO and the like, ms. */
const answerTimeoutMs = 2000

/** How often the node asks again while no server answers, ms. */
const retryIntervalMs = 500

/** The first major version of Redis with sharded channels and with ACL checks in scripts. */
const minVersion = 7

/**
 * Checks whether the Redis servers suit a node: before the node starts, and later on new connections. A setting that a managed
 * Redis hides counts as suitable.
 */
export class Requirements {
  readonly #client: RedisClient
  readonly #target: RedisTarget
  readonly #report: RedisReport
  readonly #reported = new Set<string>()
  #closed = false

  constructor(client: RedisClient, target: RedisTarget, report: RedisReport) {
    this.#client = client
    this.#target = target
    this.#report = report
  }

  /** Resolves when a suitable server answers, however long that takes. @throws UnsuitableStoreError */
  async met(): Promise<void> {
    for (let attempts = 1; ; attempts += 1) {
      const faults = await this.#faults()
      if (this.#closed) return
      if (faults?.length === 0) break
      if (faults) throw new UnsuitableStoreError(faults)
      const cause = new Error(this.#client.problem?.detail ?? 'Redis does not answer')
      if (attempts > 1) this.#report.failed(new SignalError('unavailable', '', { cause })) // during the first attempt the client is still connecting
      await this.#change()
    }
    this.#client.on('topology', () => this.#watch())
  }

  close(): void {
    this.#closed = true
  }

  /** Resolves when a connection has come up, and after `retryIntervalMs` in any case. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#client.off('topology', done)
        resolve()
      }
      const timer = setTimeout(done, retryIntervalMs)
      this.#client.once('topology', done)
    })
  }

  /** A running node only reports faults: if it stopped, its clients would lose more. */
  #watch(): void {
    const report = (faults: string[] = []) => {
      for (const fault of faults) {
        if (this.#reported.has(fault) || this.#closed) continue
        this.#reported.add(fault)
        this.#report.unsuitable(fault)
      }
    }
    this.#faults().then(report, this.#report.failed)
  }

  /** Undefined if no server answers. */
  async #faults(): Promise<string[] | undefined> {
    const ready = this.#client.links.filter((link) => link.ready)
    if (ready.length > 0) {
      const answers = await Promise.all(ready.map((link) => this.#faultsOf(link)))
      const received = answers.filter((faults) => faults !== undefined)
      return received.length > 0 ? [...new Set(received.flat())] : undefined
    }
    const refused = this.#client.links.flatMap(refusalOf)
    const faults = refused.length > 0 ? refused : await this.#faultsOfSentinels()
    return faults.length > 0 ? [...new Set(faults)] : undefined
  }

  async #faultsOf(link: RedisLink): Promise<string[] | undefined> {
    const { mode } = this.#target
    try {
      const info = await ask(link, 'INFO')
      const slots = mode === 'cluster' ? await ask(link, 'CLUSTER', 'SLOTS') : ''
      return faultsIn(link.address, fieldsOf(info), mode, slots)
    } catch {
      return undefined
    }
  }

  /** The faults of the Sentinels that answer; empty if one of them knows the master. */
  async #faultsOfSentinels(): Promise<string[]> {
    const { sentinelName: name = '' } = this.#target
    const { sentinels } = this.#client
    const answering = sentinels.filter(({ ready }) => ready)
    if (answering.length === 0) return sentinels.flatMap(sentinelRefusalOf)
    const faults = await Promise.all(answering.map((link) => sentinelFault(link, name).catch(() => undefined)))
    return faults.every(Boolean) ? faults.flatMap((fault) => fault ?? []) : []
  }
}

type Fields = { [name: string]: string | undefined }

/** Resolves to the answer as text, also if it is an error of Redis. @throws Error when the server does not answer */
async function ask({ redis }: RedisLink, command: string, ...args: string[]): Promise<string> {
  const answer = redis.call(command, ...args).catch((error: Error) => {
    if (/^[A-Z]+ /.test(error.message)) return error.message
    throw error
  })
  return String((await answerWithin(answerTimeoutMs, answer)) ?? '')
}

function fieldsOf(info: string): Fields {
  return Object.fromEntries(
    info.split(/\r?\n/).flatMap((line) => {
      const [, name, value] = /^(\w+):(.*)$/.exec(line) ?? []
      return name === undefined ? [] : [[name, value]]
    }),
  )
}

/** @param slots the answer to CLUSTER SLOTS, in a cluster */
function faultsIn(at: string, info: Fields, mode: RedisTarget['mode'], slots: string): string[] {
  const { redis_version: version, redis_mode: kind, maxmemory_policy: policy } = info
  if (kind === 'sentinel') {
    return [`REDIS_MODE: is ${mode}, but the server at ${at} is a Sentinel: set REDIS_MODE=sentinel`]
  }
  const faults: string[] = []
  if (version !== undefined && Number.parseInt(version, 10) < minVersion) {
    faults.push(`REDIS_URL: the Redis at ${at} has version ${version}: ${minVersion} or newer is needed`)
  }
  if (policy !== undefined && policy !== 'noeviction') {
    faults.push(
      `REDIS_URL: the Redis at ${at} removes sessions and messages when its memory is full (maxmemory-policy is ${policy}): set maxmemory-policy to noeviction`,
    )
  }
  if (mode !== 'cluster' && info.cluster_enabled === '1') {
    faults.push(`REDIS_MODE: is ${mode}, but the Redis at ${at} is a node of a Redis Cluster: set REDIS_MODE=cluster`)
  }
  if (slots.includes('cluster support disabled')) {
    faults.push(`REDIS_MODE: is cluster, but the Redis at ${at} is not a node of a Redis Cluster`)
  }
  if (mode === 'standalone' && info.role === 'slave') {
    const master = `${info.master_host}:${info.master_port}`
    faults.push(
      `REDIS_URL: the Redis at ${at} is a replica, which accepts no writes: use the address of its master, ${master}`,
    )
  }
  return faults
}

/** Refusals that the next connection will meet, too, with their sentences. Other refusals may be temporary. */
const refusals: [RegExp, (server: string) => string][] = [
  [/^NOAUTH/, (server) => `${server} requires a password: write redis://user:password@host or redis://:password@host`],
  [/^WRONGPASS|^ERR invalid (password|username)/, (server) => `${server} does not accept this user and password`],
  [/^DENIED/, (server) => `${server} is in protected mode and refuses other machines`],
  [/wrong version number/i, (server) => `${server} does not speak TLS: write redis://`],
]

function refusalOf({ error, address }: RedisLink): string[] {
  if (!error) return []
  const answer = `(${error.message.split(/[\r\n]/, 1)[0]})`
  if (isOfSelect(error))
    return [`REDIS_URL: the server at ${address} does not let this node use its database ${answer}`]
  const [, sentence] = refusals.find(([pattern]) => pattern.test(error.message)) ?? []
  return sentence ? [`REDIS_URL: ${sentence(`the server at ${address}`)} ${answer}`] : []
}

const isOfSelect = (error: Error & { command?: { name?: string } }) => error.command?.name === 'select'

function sentinelRefusalOf({ error, address }: RedisLink): string[] {
  if (!error || !/^NOAUTH/.test(error.message)) return []
  return [`REDIS_URL: the Sentinel at ${address} requires a password, and a node sends its password to the master only`]
}

async function sentinelFault(link: RedisLink, name: string): Promise<string | undefined> {
  const answer = await ask(link, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name)
  if (answer === '') return `REDIS_SENTINEL_NAME: the Sentinel at ${link.address} does not know a master '${name}'`
  const isOther = /^ERR unknown command/i.test(answer)
  return isOther ? `REDIS_MODE: is sentinel, but the server at ${link.address} is not a Sentinel` : undefined
}
