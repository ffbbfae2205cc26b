import { parseArgs } from 'node:util'
import { type Server, startBare, startNode, startRedis } from './servers.ts'

/** A server that is measured: this build, another one, or bare Socket.IO on its Redis adapter. */
export type Candidate = { name: string; durable: boolean; start: (redisUrl: string) => Promise<Server> }

/** What one round of one candidate cost: the servers' CPU time per message or delivery, µs. */
type Cost = { cpu: number }

const bare: Candidate = { name: 'bare adapter', durable: false, start: startBare }

/** The numbers and `--dist FOLDER`, another build to compare with, of the command line. */
export function readArguments(): { numbers: number[]; candidates: Candidate[] } {
  const { values, positionals } = parseArgs({ options: { dist: { type: 'string' } }, allowPositionals: true })
  const ours = { name: 'Signalbox', durable: true, start: (redisUrl: string) => startNode(redisUrl) }
  const { dist } = values
  const other = dist
    ? [{ name: 'the other build', durable: true, start: (redisUrl: string) => startNode(redisUrl, {}, dist) }]
    : []
  return { numbers: positionals.map(Number), candidates: [ours, ...other, bare] }
}

/**
 * Measures every candidate once a round, on fresh servers and one Redis. The order turns by one place each round, so
 * that what else the machine does falls on all of them.
 */
export async function compare<T extends Cost>(
  { candidates, nodes, rounds }: { candidates: Candidate[]; nodes: number; rounds: number },
  measure: (servers: Server[], durable: boolean) => Promise<T>,
): Promise<Map<Candidate, T[]>> {
  const costs = new Map<Candidate, T[]>(candidates.map((candidate) => [candidate, []]))
  const redis = await startRedis()
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (let place = 0; place < candidates.length; place += 1) {
        const candidate = candidates[(round + place) % candidates.length] as Candidate
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

/** Prints a line for each candidate: median and range of its CPU time, the median ratio to the bare server, and `more`. */
export function report<T extends Cost>(costs: Map<Candidate, T[]>, unit: string, more = (_: T[]) => ''): void {
  const bareCosts = [...costs].find(([{ durable }]) => !durable)?.[1] ?? []
  for (const [{ name }, rounds] of costs) {
    const cpu = rounds.map((round) => round.cpu)
    const ratios = cpu.map((value, round) => value / (bareCosts[round]?.cpu ?? Number.NaN))
    console.log(`${name.padEnd(16)} ${spread(cpu, 1)} µs CPU/${unit}, ${spread(ratios, 2)} × bare${more(rounds)}`)
  }
}

/** Median and range. */
function spread(values: number[], digits: number): string {
  const text = (value: number) => value.toFixed(digits)
  return `${text(median(values))} (${text(Math.min(...values))} to ${text(Math.max(...values))})`
}
