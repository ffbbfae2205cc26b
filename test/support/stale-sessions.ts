import { Cluster, type Redis } from 'ioredis'
import { expect, vi } from 'vitest'
import { dialectOf, type RoomId } from '../../src/core/model.ts'
import { nodeOf, type SessionRef } from '../../src/core/ports/session-store.ts'
import { connect, type RedisTarget } from '../../src/state/redis/connection.ts'
import { keysOf } from '../../src/state/redis/keys.ts'
import { nodesHere, type TestNode } from './node.ts'
import { runningProcesses } from './process.ts'

/** How long nodes may take to record what a test did last, ms: far less than a stale session would stay. */
const settleTimeoutMs = 8000
/** How long after the end of its window a session may still exist, ms. */
const maxOverdueMs = 15_000
const answerTimeoutMs = 1000

/** How to ask a node whether it has the connection of a session, or how many connections it has in a dialect. */
type Witness = {
  port: string
  hasConnection?: (ref: SessionRef) => boolean
  connections?: () => Promise<((dialect: string) => number) | undefined>
}
type Deployment = { target: RedisTarget; prefix: string; nodes: Witness[] }
type SessionRecord = { ref: SessionRef; state: string }

/**
 * Checks that each session has a connection, or a window that ends. Reads the sessions of every cluster of this test from its
 * Redis, and compares them with the connections of the nodes.
 * @throws AssertionError naming the sessions that have neither
 */
export async function expectNoStaleSessions(): Promise<void> {
  for (const node of nodesHere().filter(({ config }) => !config.redis))
    await expectSettled(() => staleSessionsInMemory(node))
  for (const deployment of deployments()) {
    const client = connect(deployment.target, 'command')
    try {
      if (await answers(client)) await expectSettled(() => staleSessionsIn(client, deployment))
    } finally {
      client.disconnect()
    }
  }
}

async function expectSettled(find: () => Promise<string[]>): Promise<void> {
  let found: string[] = []
  const none = async () => {
    found = await find()
    return found.length === 0
  }
  await vi.waitUntil(none, { timeout: settleTimeoutMs, interval: 50 }).catch(() => {})
  expect(found, 'sessions without a connection and without a window').toEqual([])
}

function deployments(): Deployment[] {
  const found = new Map<string, Deployment>()
  const add = (target: RedisTarget, prefix: string, node: Witness) => {
    const key = `${target.urls.join()} ${prefix}`
    const deployment = found.get(key) ?? { target, prefix, nodes: [] }
    deployment.nodes.push(node)
    found.set(key, deployment)
  }
  for (const { config, app, url } of nodesHere()) {
    const hasConnection = (ref: SessionRef) => app.sessions.find(ref)?.connection.open === true
    if (config.redis) add(asAdmin(config.redis), config.redisPrefix, { port: new URL(url).port, hasConnection })
  }
  for (const { url, opsUrl, options } of runningProcesses()) {
    const { redisUrl, prefix, env = {} } = options
    const mode = (env.REDIS_MODE ?? 'standalone') as RedisTarget['mode']
    const target = { urls: redisUrl.split(','), mode, sentinelName: String(env.REDIS_SENTINEL_NAME ?? '') }
    add(asAdmin(target), prefix, { port: new URL(url).port, connections: () => connectionsOn(opsUrl) })
  }
  return [...found.values()]
}

/** Without the credentials of the nodes' user, whose rights do not include SCAN. */
function asAdmin(target: RedisTarget): RedisTarget {
  const urls = target.urls.map((text) => {
    const url = new URL(text)
    url.username = ''
    url.password = ''
    return url.href
  })
  return { ...target, urls }
}

/** Resolves to undefined if the process does not answer. */
async function connectionsOn(opsUrl: string): Promise<((dialect: string) => number) | undefined> {
  const text = await fetch(`${opsUrl}/metrics`, { signal: AbortSignal.timeout(answerTimeoutMs) }).then(
    (response) => response.text(),
    () => undefined,
  )
  if (text === undefined) return undefined
  return (dialect) => {
    const lines = text.matchAll(new RegExp(`^signalbox_connections\\{dialect="${dialect}".*\\} (\\d+)$`, 'gm'))
    return [...lines].reduce((sum, [, count]) => sum + Number(count), 0)
  }
}

async function answers(client: Redis | Cluster): Promise<boolean> {
  const late = new Promise<boolean>((resolve) => setTimeout(resolve, answerTimeoutMs, false).unref())
  return Promise.race([client.ping().then(Boolean, () => false), late])
}

async function staleSessionsIn(client: Redis | Cluster, { prefix, nodes }: Deployment): Promise<string[]> {
  const keys = keysOf(prefix)
  const names = await client.zrange(keys.nodes, '0', '-1')
  const witnesses = new Map<string, Witness | undefined>()
  for (const name of names) {
    const url = await client.hget(keys.node(name), 'url')
    witnesses.set(
      name,
      nodes.find(({ port }) => url?.endsWith(`:${port}`)),
    )
  }
  const sessions = await sessionsIn(client, prefix)
  const found: string[] = []
  for (const { ref, state } of sessions) {
    const fault =
      state === 'waiting'
        ? await windowFault(client, prefix, ref)
        : await connectionFault(client, prefix, ref, witnesses)
    if (fault) found.push(`${ref.room} ${ref.id} of ${ref.owner}: ${fault}`)
  }
  for (const [name, witness] of witnesses) {
    const connections = await witness?.connections?.()
    const owned = sessions.filter(({ ref, state }) => state === 'connected' && nodeOf(ref) === name)
    for (const dialect of new Set(owned.map(({ ref }) => dialectOf(ref.room)))) {
      const expected = owned.filter(({ ref }) => dialectOf(ref.room) === dialect).length
      const open = connections?.(dialect) ?? expected
      if (open < expected) found.push(`${name} has ${open} connections for ${expected} sessions of ${dialect}`)
    }
  }
  return found
}

async function windowFault(
  client: Redis | Cluster,
  prefix: string,
  { room, id }: SessionRef,
): Promise<string | undefined> {
  const deadline = await client.zscore(keysOf(prefix).waiting, `${room}|${id}`)
  if (deadline === null) return 'waits without a window'
  return Date.now() - Number(deadline) > maxOverdueMs ? 'still waits after the end of its window' : undefined
}

async function connectionFault(
  client: Redis | Cluster,
  prefix: string,
  ref: SessionRef,
  witnesses: Map<string, Witness | undefined>,
): Promise<string | undefined> {
  const node = nodeOf(ref)
  if (!witnesses.has(node)) return 'its node is not in the cluster'
  const { hasConnection } = witnesses.get(node) ?? {}
  if (hasConnection && !hasConnection(ref)) return 'its node does not have the connection'
  const isTracked = await client.sismember(keysOf(prefix).nodeRooms(node), ref.room)
  return isTracked ? undefined : 'its node does not track the room, so no other node would find the session'
}

async function sessionsIn(client: Redis | Cluster, prefix: string): Promise<SessionRecord[]> {
  const masters = client instanceof Cluster ? client.nodes('master') : [client]
  const start = `${prefix}:{`
  const found = await Promise.all(masters.map((master) => scan(master, `${start}*:members`)))
  const rooms: RoomId[] = found.flat().map((key) => key.slice(start.length, -'}:members'.length))
  const keys = keysOf(prefix)
  const sessions = rooms.map(async (room) => {
    const ids = await client.hkeys(keys.members(room))
    return Promise.all(
      ids.map(async (id): Promise<SessionRecord> => {
        const [owner, state] = await client.hmget(keys.session(room, id), 'owner', 'state')
        return { ref: { room, id, owner: owner ?? '' }, state: state ?? '' }
      }),
    )
  })
  return (await Promise.all(sessions)).flat()
}

async function scan(redis: Redis, pattern: string): Promise<string[]> {
  const found: string[] = []
  let cursor = '0'
  do {
    const [next, names] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 2000)
    found.push(...names)
    cursor = next
  } while (cursor !== '0')
  return found
}

async function staleSessionsInMemory({ app }: TestNode): Promise<string[]> {
  const { rooms } = await app.store.roomIndex.list(0, Number.MAX_SAFE_INTEGER)
  const { all, disconnections } = app.sessions
  const open = all.filter(({ connection }) => connection.open)
  const known = new Set([
    ...open.map(({ room, id }) => `${room} ${id}`),
    ...disconnections.waiting.map(({ room, id }) => `${room} ${id}`),
  ])
  const rosters = await Promise.all(rooms.map(async ({ id }) => ({ id, roster: await app.store.roster.roster(id) })))
  const members = rosters.flatMap(({ id, roster }) => roster.members.map((member) => `${id} ${member.id}`))
  return members.filter((ref) => !known.has(ref))
}
