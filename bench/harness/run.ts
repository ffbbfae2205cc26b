import { join } from 'node:path'
import { type LoadGenerator, startLoadGenerator } from '../load/generator.ts'
import { type Server, startRedis } from '../servers.ts'
import { type Build, type Candidate, candidatesOf } from './candidates.ts'
import { inspectorAddressIn, inspectorArgv, memoryOf } from './inspector.ts'
import type { Figures, Parameters, Question, Setting } from './question.ts'
import type { Measured } from './report.ts'
import { rotated } from './statistics.ts'

export type RunOptions = {
  rounds: number
  seconds: number
  warmUpSeconds: number
  shrink: number
  builds: Build[]
  /** The folder for CPU profiles of the servers. */
  profile?: string | undefined
}

const defaultNodes = (parameters: Parameters) => Number(parameters.nodes ?? 1)

/**
 * Measures every candidate once in each round, with its own servers and its own Redis. Each round begins with another
 * candidate, so that other load on the machine affects all of them alike.
 */
export async function measureCase(question: Question, parameters: Parameters, options: RunOptions): Promise<Measured> {
  const candidates = candidatesOf(question, parameters, options.builds)
  const measured: Measured = new Map(candidates.map((candidate) => [candidate, []]))
  for (let round = 0; round < options.rounds; round += 1) {
    for (const candidate of rotated(candidates, round)) {
      measured.get(candidate)?.push(await measureOnce(question, parameters, candidate, options))
    }
  }
  return measured
}

async function measureOnce(
  question: Question,
  parameters: Parameters,
  candidate: Candidate,
  options: RunOptions,
): Promise<Figures> {
  const load = startLoadGenerator()
  const redis = await startRedis()
  const servers: InspectedServer[] = []
  try {
    const count = (question.nodes ?? defaultNodes)(parameters)
    const started = Array.from({ length: count }, () => start(question, candidate, redis.url, options))
    const results = await Promise.allSettled(started)
    servers.push(...results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])))
    for (const result of results) if (result.status === 'rejected') throw result.reason
    const { seconds, warmUpSeconds, shrink } = options
    const { durable, namesSeq } = candidate
    const memory = (server: number) => (servers[server] as InspectedServer).memory()
    const setting = {
      servers,
      load,
      redisUrl: redis.url,
      parameters,
      seconds,
      warmUpSeconds,
      shrink,
      durable,
      namesSeq,
      memory,
    }
    return await question.measure(setting)
  } catch (error) {
    const where = `${question.name}, ${candidate.name}`
    throw new Error(`${where}: ${error instanceof Error ? error.message : error}`, { cause: error })
  } finally {
    await stop(load, servers)
    await redis.stop()
  }
}

type InspectedServer = Server & { memory: () => ReturnType<Setting['memory']> }

async function start(
  { inspects }: Question,
  candidate: Candidate,
  redisUrl: string,
  { profile }: RunOptions,
): Promise<InspectedServer> {
  const folder = profile === undefined ? undefined : join(profile, candidate.name.replaceAll(/[^\w.-]+/g, '-'))
  const profiled = folder === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', folder]
  let errors = ''
  const server = await candidate.start(redisUrl, {
    execArgv: [...profiled, ...(inspects ? inspectorArgv : [])],
    ...(inspects
      ? {
          onError: (text) => {
            errors += text
          },
        }
      : {}),
  })
  const memory = () => {
    const address = inspectorAddressIn(errors)
    if (address === undefined) throw new Error(`The server has no inspector: ${errors}`)
    return memoryOf(address)
  }
  return { ...server, memory }
}

async function stop(load: LoadGenerator, servers: Server[]): Promise<void> {
  await load.close({}).catch(() => {})
  await Promise.all(servers.map((server) => server.stop()))
  await load.stop()
}
