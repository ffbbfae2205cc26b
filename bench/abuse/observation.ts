import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Attacker, refusalsIn, type Target } from '../../test/support/abuse/attacker.ts'
import type { Observed } from '../../test/support/bystanders.ts'
import { type BenchRedis, type Server, secret, startNode } from '../servers.ts'
import type { BystanderCommand } from './bystanders.ts'

/** The outcome of one attack. Times are in ms, memory is the node's resident set in bytes. */
export type Observation = {
  durationMs: number
  memory: { before: number; highest: number; after: number }
  /** The time of each message of the bystanders until its ack; `sent` also counts messages without an ack. */
  times: number[]
  sent: number
  refused: { [reason: string]: number }
  /** The failure of the node or the bystanders, if any. */
  failure?: string
}

const heapLimitOption = '--max-old-space-size=512'
const attackTimeoutMs = 180_000
const sampleIntervalMs = 100

export async function observe(attacker: Attacker, redis: BenchRedis, dist?: string): Promise<Observation> {
  const node = await startNode(redis.url, {
    env: { NODE_OPTIONS: heapLimitOption, ...attacker.env },
    ...(dist ? { dist } : {}),
  })
  const bystanders = await startBystanders(node)
  const samples = sampleMetrics(node)
  const started = performance.now()
  const failure = await attack(attacker, targetOf(node, redis, bystanders), node)
  const durationMs = performance.now() - started
  const observed = await Promise.race([bystanders.request('observed'), node.exited.then(() => undefined)]).catch(
    () => undefined,
  )
  const { memory, refused } = await samples.stop()
  bystanders.child.disconnect()
  await node.stop()
  const { times = [], sent = 0, refused: codes = [] } = (observed as Observed | undefined) ?? {}
  const bystanderRefusals =
    codes.length > 0 ? `refused to bystanders: ${codes.length} (${[...new Set(codes)].join(', ')})` : undefined
  const unacked = observed ? bystanderRefusals : 'the bystanders were disconnected'
  const missing = attacker.refusals.filter((reason) => !refused[reason])
  const uncounted = missing.length > 0 ? `not counted: ${missing.join(', ')}` : undefined
  const problem = failure ?? unacked ?? uncounted
  return { durationMs, memory, times, sent, refused, ...(problem ? { failure: problem } : {}) }
}

/** Runs the attack. @returns its failure, if any */
async function attack(attacker: Attacker, target: Target, { exited }: Server): Promise<string | undefined> {
  const started = performance.now()
  const elapsed = () => `${((performance.now() - started) / 1000).toFixed(0)} s`
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`the attack did not end within ${elapsed()}`), attackTimeoutMs)
  })
  const ended = attacker.start(target).then(
    () => undefined,
    // when the node dies, the attacker's connections break before its exit is reported
    (error: Error) => Promise.race([exited, once(AbortSignal.timeout(1000), 'abort')]).then(() => error.message),
  )
  const died = exited.then(({ code, signal }) => `the node died after ${elapsed()} (${signal ?? code})`)
  const result = await Promise.race([died, ended, timeout])
  clearTimeout(timer)
  return result
}

type BystanderProcess = { child: ChildProcess; request(command: BystanderCommand): Promise<unknown> }

async function startBystanders(node: Server): Promise<BystanderProcess> {
  const file = fileURLToPath(new URL('./bystanders.ts', import.meta.url))
  const child = fork(file, { env: { ...process.env, URL: node.url } })
  const ended = once(child, 'exit').then((): never => {
    throw new Error('The bystanders were disconnected')
  })
  ended.catch(() => {})
  const answered = async () => (await Promise.race([once(child, 'message'), ended]))[0]
  await answered()
  return {
    child,
    request: (command) => {
      const answer = answered()
      child.send(command, () => {})
      return answer
    },
  }
}

function targetOf({ url, metrics }: Server, redis: BenchRedis, bystanders: BystanderProcess): Target {
  return {
    url,
    secret,
    refusals: async () => refusalsIn(await metrics()),
    whileRedisHangs: async (act) => {
      await bystanders.request('stop')
      redis.pause()
      try {
        await act()
      } finally {
        redis.resume()
        await whenRedisServed(metrics)
        await bystanders.request('start')
      }
    },
  }
}

/** Resolves when the node's metrics report that Redis is up, at the latest after 15 s. */
async function whenRedisServed(metrics: Server['metrics']): Promise<void> {
  for (let attempt = 0; attempt < 150; attempt += 1) {
    if (/^signalbox_redis_up\S* 1$/m.test(await metrics())) return
    await pause(100)
  }
}

/** Polls the node's metrics, and keeps the last answer in case the node dies. */
function sampleMetrics({ metrics }: Server) {
  let latest = ''
  const sizes: number[] = []
  let sampling: Promise<void> = Promise.resolve()
  const sample = async () => {
    latest = await metrics().catch(() => latest)
    const [, size] = /^process_resident_memory_bytes (\S+)/m.exec(latest) ?? []
    sizes.push(Number(size ?? 0))
  }
  const timer = setInterval(() => {
    sampling = sampling.then(sample)
  }, sampleIntervalMs)
  sampling = sample()
  return {
    stop: async () => {
      clearInterval(timer)
      await sampling
      await sample()
      const memory = { before: sizes[0] ?? 0, highest: Math.max(...sizes), after: sizes.at(-1) ?? 0 }
      return { memory, refused: refusalsIn(latest) }
    },
  }
}
