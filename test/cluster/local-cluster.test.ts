import { spawnSync } from 'node:child_process'
import { get } from 'node:http'
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { enter } from '../support/client.ts'
import { exited, type Running, signalbox, start } from '../support/command.ts'
import { newRoom, testSecret } from '../support/node.ts'
import { randomPrefix, redisUrl, startRedis } from '../support/redis.ts'
import { asDocumentedUser } from '../support/redis-user.ts'
import { until } from '../support/until.ts'

const local = { HOST: '127.0.0.1', PORT: 0, OPS_PORT: 0, LOG_LEVEL: 'warn', SIGNALBOX_SECRET: testSecret }

type Started = Running & {
  url: string
  nodes: { name: string; url: string; pid: number }[]
  /** The processes that the cluster has started: the nodes, then the private Redis if there is one. */
  pids: number[]
}

/** Starts `signalbox cluster`. Resolves when it prints that everything runs. */
async function startCluster(args: string[] = [], env: { [option: string]: string | number } = {}): Promise<Started> {
  const cluster = start(signalbox, ['cluster', ...args], { ...local, ...env })
  const [line, url = ''] = await cluster.line(/^The cluster is at (http:\S+): .* Ctrl-C ends it\.$/)
  const processes = [...line.matchAll(/(\S+) at (\S+) \(pid (\d+)\)/g)]
  const nodes = processes.flatMap(([, name = '', url = '', pid]) =>
    url.startsWith('http') ? [{ name, url, pid: Number(pid) }] : [],
  )
  return { ...cluster, url, nodes, pids: processes.map(([, , , pid]) => Number(pid)) }
}

/** The name of the node that answers on a new connection. */
async function nodeServing(url: string): Promise<string> {
  const metrics = await new Promise<string>((resolve, reject) => {
    get(`${url}/metrics`, { agent: false }, (response) => resolve(text(response))).on('error', reject)
  })
  return /^signalbox_node\{id="(\w+)"/m.exec(metrics)?.[1] ?? 'none'
}

async function nodesServing(url: string, connections: number): Promise<string[]> {
  const names: string[] = []
  for (let n = 0; n < connections; n += 1) names.push(await nodeServing(url))
  return names
}

function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
  return stdout.trim().split('\n').map(Number)
}

test('the cluster has three nodes, a Redis and a load balancer, serves after a node is killed, and ends with Ctrl-C', async () => {
  const cluster = await startCluster()
  expect(cluster.nodes.map(({ name }) => name)).toEqual(['a', 'b', 'c'])
  expect(cluster.pids).toHaveLength(4)
  expect((await nodesServing(cluster.url, 6)).sort()).toEqual(['a', 'a', 'b', 'b', 'c', 'c'])

  const room = newRoom()
  const before = await Promise.all(['ann', 'ben', 'cy'].map((user) => enter(cluster.url, { room, user })))
  const [, b] = cluster.nodes
  process.kill(b?.pid ?? 0, 'SIGKILL')
  await cluster.line(/^Node b ended \(SIGKILL\) and is not restarted; nodes left: 2$/)
  expect(new Set(await nodesServing(cluster.url, 4))).toEqual(new Set(['a', 'c']))

  await Promise.race(before.map(({ closed }) => closed))
  const connected = before.filter(({ socket }) => socket.connected)
  expect(connected).toHaveLength(2)
  const dora = await enter(cluster.url, { room, user: 'dora' })
  await dora.ask('text', { to: 'all', message: 'still here' })
  for (const client of connected) expect((await client.next('text')).data).toMatchObject({ message: 'still here' })

  cluster.signal('SIGINT')
  expect(await cluster.exited).toMatchObject({ code: 0 })
  await exited(cluster.pids)
})

test('the cluster of REDIS_URL sends no new clients to a draining node, and SIGTERM ends all but that Redis', async () => {
  const prefix = randomPrefix()
  const env = { REDIS_URL: await asDocumentedUser(redisUrl(), prefix), REDIS_PREFIX: prefix, DRAIN_SECONDS: 2 }
  const cluster = await startCluster(['--nodes', '2'], env)
  expect(cluster.pids).toHaveLength(2)
  const [a, b] = cluster.nodes
  const room = newRoom()
  const [ann] = await Promise.all([a, b].map((node) => enter(node?.url ?? '', { room })))

  process.kill(a?.pid ?? 0, 'SIGTERM')
  expect((await ann?.next('draining'))?.data).toEqual({ withinMs: 2000 })
  await until(async () => (await nodesServing(cluster.url, 2)).join('') === 'bb')
  expect(ann?.socket.connected, 'and it still drains').toBe(true)
  await cluster.line(/^Node a ended \(exit code 0\)/)
  await enter(cluster.url, { room })

  cluster.signal('SIGTERM')
  expect(await cluster.exited).toMatchObject({ code: 0 })
  await exited(cluster.pids)
})

test('when the cluster command is killed its processes exit', async () => {
  const cluster = await startCluster(['--nodes', '1'])
  expect(cluster.pids).toHaveLength(2)
  cluster.signal('SIGKILL')
  await cluster.exited
  await exited(cluster.pids)
})

test('a second Ctrl-C kills processes that do not exit', async () => {
  const cluster = await startCluster(['--nodes', '1'])
  const [node = 0] = cluster.pids
  process.kill(node, 'SIGSTOP')
  cluster.signal('SIGINT')
  await cluster.line(/^Stopping/)
  // the same keystroke may come twice, from the terminal and from a package manager: repeat until it is a second one
  await until(async () => {
    cluster.signal('SIGINT')
    return cluster.child.exitCode !== null
  })
  expect(await cluster.exited).toMatchObject({ code: 130 })
  await exited(cluster.pids)
})

test('Ctrl-C during the start ends the processes that have started', async () => {
  const redis = await startRedis()
  try {
    redis.pause() // so that no node becomes ready
    const cluster = start(signalbox, ['cluster'], { ...local, LOG_LEVEL: 'trace', REDIS_URL: redis.url })
    await cluster.line(/^a \| .*Redis could not be reached/)
    const nodes = childrenOf(cluster.pid)
    expect(nodes).toHaveLength(3)
    cluster.signal('SIGINT')
    expect(await cluster.exited).toMatchObject({ code: 0 })
    await exited(nodes)
    expect((await cluster.exited).stdout).not.toContain('The cluster is at')
  } finally {
    await redis.stop()
  }
})

test('when the last node or the Redis exits the cluster exits too and prints why', async () => {
  const nodeless = await startCluster(['--nodes', '1'])
  process.kill(nodeless.pids[0] ?? 0, 'SIGKILL')
  expect(await nodeless.exited).toMatchObject({ code: 1, stderr: 'Every node has ended\n' })
  await exited(nodeless.pids)

  const redisless = await startCluster(['--nodes', '1'])
  process.kill(redisless.pids[1] ?? 0, 'SIGKILL')
  const { code, stderr } = await redisless.exited
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: 'redis-server has ended, and the nodes cannot serve without it\n',
  })
  await exited(redisless.pids)
})

test('when a port is in use no process is left running', async () => {
  const otherServer = createServer().listen(0, '127.0.0.1')
  await until(async () => otherServer.listening)
  const address = otherServer.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  try {
    const cluster = start(signalbox, ['cluster', '--nodes', '1'], { ...local, PORT: port })
    const { code, stdout, stderr } = await cluster.exited
    expect(code).toBe(1)
    expect(stdout).toMatch(/^a \| .*EADDRINUSE/m)
    expect(stderr).toBe('Node a did not start: exit code 1\n')
  } finally {
    otherServer.close()
  }
})

test.each([
  [{ PORT: 1 }, 'PORT: expected 2 or more, because the load balancer listens on PORT-1'],
  [{ PORT: 8080, OPS_PORT: 8081 }, 'PORT, OPS_PORT: the ranges overlap at 8081, 8082'],
  [{ PORT: 65534 }, 'PORT, OPS_PORT: a port of the last node is above 65535'],
])('%j is refused because three nodes do not fit', async (env, mistake) => {
  const { code, stderr } = await start(signalbox, ['cluster'], { ...local, ...env }).exited
  expect({ code, stderr }).toEqual({ code: 1, stderr: `The configuration has a mistake:\n  ${mistake}\n` })
})

test('without a redis-server and REDIS_URL the command prints what to install', async () => {
  const { code, stderr } = await start(signalbox, ['cluster'], { ...local, PATH: '/nowhere' }).exited
  expect(code).toBe(1)
  expect(stderr).toMatch(/^Without REDIS_URL .* redis-server.* 7 or newer, and found none\. Install it: \S+ .*\n$/)
})
