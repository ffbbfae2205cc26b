import { fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { crowd, flood, garbageLogins, largeFrames, slowReaders, type Target } from '../test/support/abuse.ts'
import type { Observed } from '../test/support/bystanders.ts'
import { type Server, secret, startNode, startRedis } from './servers.ts'

/**
 * `npm run bench:abuse`: what an attacker with real connections does to a node, and to two others on it who go on
 * talking. Each scenario has a node of its own, with limits at their defaults but for what is said. Tells the node's
 * memory before, at its highest and after, and the time from a bystander's message to its ack.
 * Usage: npm run bench:abuse -- [part of a scenario's name]
 */
const [chosen = ''] = process.argv.slice(2)

const refusedBy = (metrics: string, reason: string) =>
  Number(new RegExp(`^signalbox_refused_total{reason="${reason}"} (\\d+)`, 'm').exec(metrics)?.[1] ?? 0)

type Scenario = {
  name: string
  env?: { [option: string]: string }
  attack: (target: Target, node: Server) => Promise<unknown>
}

const scenarios: Scenario[] = [
  { name: 'nothing, for 5 s', attack: () => new Promise((resolve) => setTimeout(resolve, 5000)) },
  { name: '10 000 garbage logins', attack: (target) => garbageLogins(target, 10_000) },
  { name: 'a flood at 100 × the rate', attack: (target) => flood(target, { members: 2, rate: 5000, seconds: 5 }) },
  {
    name: '1 000 slow readers',
    attack: (target, node) =>
      slowReaders(target, 1000, async () => refusedBy(await node.metrics(), 'slow_reader') >= 950),
  },
  {
    name: '5 000 connections of one address (CONNECTIONS_PER_IP=100)',
    env: { CONNECTIONS_PER_IP: '100' },
    attack: (target) => crowd(target, 5000),
  },
  { name: '1 000 frames of 1 MB', attack: (target) => largeFrames(target, 20, 50) },
]

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`

async function measure({ name, env = {}, attack }: Scenario, redisUrl: string): Promise<void> {
  const node = await startNode(redisUrl, env)
  const target = { url: node.url, secret }
  const memory = async () => Number(/^process_resident_memory_bytes (\S+)/m.exec(await node.metrics())?.[1])
  const file = fileURLToPath(new URL('./bystanders.ts', import.meta.url))
  const bystanders = fork(file, { env: { ...process.env, URL: node.url } })
  await once(bystanders, 'message')
  const before = await memory()
  let peak = before
  const watch = setInterval(async () => {
    peak = Math.max(peak, await memory().catch(() => 0))
  }, 100)
  const started = performance.now()
  await attack(target, node)
  const took = (performance.now() - started) / 1000
  clearInterval(watch)
  bystanders.send('take')
  const [{ times, sent, acked }] = (await once(bystanders, 'message')) as [Observed]
  bystanders.disconnect()
  const after = await memory()
  const refused = [...(await node.metrics()).matchAll(/^signalbox_refused_total{reason="(\w+)"} (\d+)$/gm)]
  await node.stop()
  times.sort((a, b) => a - b)
  const at = (share: number) => `${(times[Math.floor(times.length * share)] ?? 0).toFixed(1)} ms`
  console.log(`${name}: ${took.toFixed(1)} s`)
  console.log(
    `  memory ${megabytes(before)} before, ${megabytes(Math.max(peak, after))} highest, ${megabytes(after)} after`,
  )
  console.log(`  bystanders: ${acked} of ${sent} acked, p50 ${at(0.5)}, p99 ${at(0.99)}`)
  console.log(`  refused: ${refused.map(([, reason, count]) => `${reason} ${count}`).join(', ') || 'nothing'}`)
}

const redis = await startRedis()
try {
  console.log(`${availableParallelism()} cores for the node, Redis, the attacker and the bystanders`)
  for (const scenario of scenarios) if (scenario.name.includes(chosen)) await measure(scenario, redis.url)
} finally {
  await redis.stop()
}
