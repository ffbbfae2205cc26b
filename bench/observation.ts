import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Attacker, refusalsIn, type Target } from '../test/support/abuse/attacker.ts'
import type { Observed } from '../test/support/bystanders.ts'
import type { Question } from './bystanders.ts'
import { type BenchRedis, type Server, secret, startNode } from './servers.ts'

/** How one attack went. Times are milliseconds, memory is the resident set of the node in bytes. */
export type Observation = {
  took: number
  memory: { before: number; highest: number; after: number }
  /** From each message of the bystanders to its ack; `sent` also counts messages that got none. */
  times: number[]
  sent: number
  refused: { [reason: string]: number }
  /** What went wrong for the node or the bystanders. */
  failure?: string
}

const heap = '--max-old-space-size=512'
const longestAttackMs = 180_000
const sampleMs = 100

export async function observe(attacker: Attacker, redis: BenchRedis, dist?: string): Promise<Observation> {
  const node = await startNode(redis.url, { NODE_OPTIONS: heap, ...attacker.env }, dist)
  const bystanders = await startBystanders(node)
  const samples = sampled(node)
  const started = performance.now()
  const failure = await attack(attacker, targetOf(node, redis, bystanders), node)
  const took = performance.now() - started
  const observed = await Promise.race([bystanders.ask('take'), node.exited.then(() => undefined)]).catch(
    () => undefined,
  )
  const { memory, refused } = await samples.stop()
  bystanders.child.disconnect()
  await node.stop()
  const { times = [], sent = 0, refused: codes = [] } = (observed as Observed | undefined) ?? {}
  const refusedToo =
    codes.length > 0 ? `refused to bystanders: ${codes.length} (${[...new Set(codes)].join(', ')})` : undefined
  const unacked = observed ? refusedToo : 'the bystanders were disconnected'
  const missing = attacker.refusals.filter((reason) => !refused[reason])
  const uncounted = missing.length > 0 ? `not counted: ${missing.join(', ')}` : undefined
  const said = failure ?? unacked ?? uncounted
  return { took, memory, times, sent, refused, ...(said ? { failure: said } : {}) }
}

/** Resolves when it is over, to what went wrong. */
async function attack(attacker: Attacker, target: Target, { exited }: Server): Promise<string | undefined> {
  const started = performance.now()
  const elapsed = () => `${((performance.now() - started) / 1000).toFixed(0)} s`
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`the attack did not end within ${elapsed()}`), longestAttackMs)
  })
  const over = attacker.start(target).then(
    () => undefined,
    // an attacker whose connections break fails before the node's exit is known
    (error: Error) => Promise.race([exited, once(AbortSignal.timeout(1000), 'abort')]).then(() => error.message),
  )
  const dead = exited.then(({ code, signal }) => `the node died after ${elapsed()} (${signal ?? code})`)
  const result = await Promise.race([dead, over, late])
  clearTimeout(timer)
  return result
}

type BystanderProcess = { child: ChildProcess; ask(question: Question): Promise<unknown> }

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
    ask: (question) => {
      const answer = answered()
      child.send(question, () => {})
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
      await bystanders.ask('silence')
      redis.pause()
      try {
        await act()
      } finally {
        redis.resume()
        await untilServed(metrics)
        await bystanders.ask('talk')
      }
    },
  }
}

/** Resolves when the node says that Redis serves it, or after 15 s. */
async function untilServed(metrics: Server['metrics']): Promise<void> {
  for (let attempt = 0; attempt < 150; attempt += 1) {
    if (/^signalbox_redis_up\S* 1$/m.test(await metrics())) return
    await pause(100)
  }
}

/** Asks for the node's metrics again and again, and keeps the last answer in case there is no later one. */
function sampled({ metrics }: Server) {
  let latest = ''
  const sizes: number[] = []
  let asking: Promise<void> = Promise.resolve()
  const sample = async () => {
    latest = await metrics().catch(() => latest)
    const [, size] = /^process_resident_memory_bytes (\S+)/m.exec(latest) ?? []
    sizes.push(Number(size ?? 0))
  }
  const timer = setInterval(() => {
    asking = asking.then(sample)
  }, sampleMs)
  asking = sample()
  return {
    stop: async () => {
      clearInterval(timer)
      await asking
      await sample()
      const memory = { before: sizes[0] ?? 0, highest: Math.max(...sizes), after: sizes.at(-1) ?? 0 }
      return { memory, refused: refusalsIn(latest) }
    },
  }
}
