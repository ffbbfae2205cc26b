import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { type App, createApp, type Replacements } from '../../src/app/index.ts'
import { type Config, readConfig } from '../../src/config/index.ts'
import { Throttle } from '../../src/core/auth/attempt-throttle.ts'
import { writeToken } from '../../src/core/auth/tokens.ts'
import type { DutyIntervals } from '../../src/core/cluster/node-duties.ts'
import { newId } from '../../src/core/ids.ts'
import { createLog } from '../../src/observability/log.ts'
import { afterEvery } from './cleanup.ts'
import { randomPrefix, redisUrl } from './redis.ts'
import { asDocumentedUser } from './redis-user.ts'
import { until } from './until.ts'

/** The key that every node of a test signs with. */
export const testSecret = 'the secret that the nodes of a test share'

/** Short, so that no test waits long for a duty; long enough for a machine with two cores. */
export const testIntervals: DutyIntervals = {
  heartbeatMs: 500,
  reapMs: 100,
  checkMs: 500,
  recordConfirmedMs: 250,
  trackRoomsMs: 5000,
}

export type LogLine = { level: number; msg: string; [field: string]: unknown }

export type NodeOptions = {
  /** Options as environment variables. */
  env?: { [option: string]: string | number }
  /** Redis instead of memory: that of the run with a new prefix, or this one. Nodes with the same prefix form a cluster. */
  redis?: true | { url?: string; prefix?: string }
  parts?: Omit<Replacements, 'log'>
}

export type TestNode = {
  url: string
  opsUrl: string
  app: App
  config: Config
  /** What the node logged, from `debug` up; `text` as in a log file. */
  logs: { lines: LogLine[]; text: string }
  close: () => Promise<void>
}

const running = new Set<TestNode>()
afterEvery('file', async () => {
  await Promise.all([...running].map((node) => node.close()))
})

/** The nodes that this process has started and not closed. */
export const nodesHere = (): TestNode[] => [...running]

/** Starts a node in this process on free ports. It is closed after the last test of the file, if not before. */
export async function startNode({ env = {}, redis, parts = {} }: NodeOptions = {}): Promise<TestNode> {
  const { url = '', prefix = randomPrefix() } = redis === true ? {} : (redis ?? {})
  const config = readConfig({
    HOST: '127.0.0.1',
    PORT: '0',
    SIGNALBOX_SECRET: testSecret,
    LOG_LEVEL: 'debug',
    ICE_SERVERS: '[]',
    MESSAGES_PER_SECOND: '1000',
    MESSAGE_BURST: '5000',
    ...(redis ? { REDIS_URL: await asDocumentedUser(url || redisUrl(), prefix), REDIS_PREFIX: prefix } : {}),
    ...Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)])),
  })
  const logs: TestNode['logs'] = { lines: [], text: '' }
  const app = createApp(config, {
    intervals: testIntervals,
    throttle: new Throttle(Number.POSITIVE_INFINITY),
    ...parts,
    log: logInto(logs, config.nodeId),
  })
  await app.begin()
  await app.http.listen({ host: config.host, port: 0 })
  if (app.ops !== app.http) await app.ops.listen({ host: config.host, port: 0 })
  const node: TestNode = {
    url: urlOf(app.http),
    opsUrl: urlOf(app.ops),
    app,
    config,
    logs,
    close: async () => {
      running.delete(node)
      await app.close()
    },
  }
  running.add(node)
  return node
}

/** Starts nodes of one cluster, on the Redis of the run unless the options have another. */
export async function startCluster(count: number, options: NodeOptions = {}): Promise<TestNode[]> {
  const redis = { prefix: randomPrefix(), ...(options.redis === true ? {} : options.redis) }
  return Promise.all(Array.from({ length: count }, () => startNode({ ...options, redis })))
}

export type TokenClaims = { room: string; user?: string; role?: string }

/** A login token that every node of a test accepts. */
export function tokenFor(
  { room, user = 'someone', role = 'presenter' }: TokenClaims,
  { secret = testSecret, notAfter = Date.now() + 60_000 } = {},
): string {
  return writeToken([secret], { room, user, role }, { host: '127.0.0.1:1', secure: false }, notAfter)
}

/** Cuts a client's connection. Resolves when its node has noticed it and the participant's window has begun. */
export async function lose({ app }: TestNode, client: { readonly id: string; cut: () => void }): Promise<void> {
  client.cut()
  await until(async () => app.sessions.disconnections.waiting.some(({ id }) => id === client.id))
}

/** A room that no other test is in. */
export const newRoom = (): string => `room ${newId()}`

function logInto(logs: TestNode['logs'], node: string): Logger {
  const write = (line: string) => {
    logs.lines.push(JSON.parse(line))
    logs.text += line
  }
  return createLog('debug', node, { write })
}

function urlOf({ server }: App['http']): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
