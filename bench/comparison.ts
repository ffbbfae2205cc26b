import { parseArgs } from 'node:util'
import { type Server, startBareServer, startNode, startRedis } from './servers.ts'

/** A server to measure: this build, another build, or bare Socket.IO on its Redis adapter. */
export type Candidate = { name: string; durable: boolean; start: (redisUrl: string) => Promise<Server> }

/** The result of one round: the servers' CPU time per message or delivery, µs. */
type Cost = { cpu: number }

const bare: Candidate = { name: 'bare adapter', durable: false, start: startBareServer }

/** Reads the command line: numbers, and `--dist FOLDER` with another build to compare with. */
export function readArguments(): { numbers: number[]; candidates: Candidate[] } {
  const { values, positionals } = parseArgs({ options: { dist: { type: 'string' } }, allowPositionals: true })
  const thisBuild = { name: 'Signalbox', durable: true, start: (redisUrl: string) => startNode(redisUrl) }
  const { dist } = values
  const other = dist
    ? [{ name: 'the other build', durable: true, start: (redisUrl: string) => startNode(redisUrl, {}, dist) }]
    : []
  return { numbers: positionals.map(Number), candidates: [thisBuild, ...other, bare] }
}

/**
 * Measures every candidate once per round, on fresh servers and one Redis. The order rotates by one place each round, so
 * that other load on the machine affects all candidates alike.
 */
export async function compare<T extends Cost>(
  { candidates, nodes, rounds }: { candidates: Candidate[]; nodes: number; rounds: number },
  measure: (servers: Server[], durable: boolean) => Promise<T>,
): Promise<Map<Candidate, T[]>> {
  const costs = new Map<Candidate, T[]>(candidates.map((candidate) => [candidate, []]))
  const redis = await startRedis()
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (let offset = 0; offset < candidates.length; offset += 1) {
        const candidate = candidates[(round + offset) % candidates.length] as Candidate
        const servers = await Promise.all(Array.from({ length: nodes }, () => candidate.start(redis.url)))
        try {
          costs.get(candidate)?.push(await measure(servers, candidate.durable))
        } finally {
          await Promise.all(servers.map(({ stop }) => stop()))
        }
      }
    }
    return costs
  } finally {
    await redis.stop()
  }
}

export function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0
}

/** Prints a line for each candidate: median and range of its CPU time, the same for its ratio to the bare server, and `more`. */
export function report<T extends Cost>(costs: Map<Candidate, T[]>, unit: string, more = (_: T[]) => ''): void {
  const bareCosts = [...costs].find(([{ durable }]) => !durable)?.[1] ?? []
  for (const [{ name }, rounds] of costs) {
    const cpu = rounds.map((round) => round.cpu)
    const ratios = cpu.map((value, round) => value / (bareCosts[round]?.cpu ?? Number.NaN))
    console.log(`${name.padEnd(16)} ${spread(cpu, 1)} µs CPU/${unit}, ${spread(ratios, 2)} × bare${more(rounds)}`)
  }
}

/** Formats median and range. */
function spread(values: number[], digits: number): string {
  const text = (value: number) => value.toFixed(digits)
  return `${text(median(values))} (${text(Math.min(...values))} to ${text(Math.max(...values))})`
}
