import { getArtillery } from './artillery.ts'
import { startRunCluster } from './local.ts'
import { readLoadOptions, usage } from './options.ts'
import { writeReport } from './report/report.ts'
import { type Outcome, Run } from './run.ts'
import { readScenarios } from './scenario.ts'
import { tryTargets } from './target.ts'
import { Gauges } from './usage.ts'
import { Mistake } from './usage-error.ts'

/**
 * `npm run load -- <scenario>`: virtual users of artillery against a cluster, a ledger of what they sent and heard, and
 * a report as a page. Exit code 0 only if nothing was lost or doubled and every threshold was kept.
 */
export async function load(args: string[], print: (line: string) => void): Promise<number> {
  const scenarios = readScenarios()
  const options = readLoadOptions(args, scenarios)
  if (!options) {
    print(usage(scenarios))
    return 0
  }
  const ends = new Ends()
  try {
    const dialect = options.scenario.name === 'exchange' ? 'exchanger' : 'portal'
    const secret = process.env.SIGNALBOX_SECRET || undefined
    // what is wrong with these is said before anything is fetched or started
    const given = options.targets.length > 0 && { tokens: await tryTargets(options.targets, dialect, secret), secret }
    print('Getting artillery from npm: some 650 MB, the first time…')
    const artillery = getArtillery()
    const place = given
      ? { ...given, targets: options.targets, local: false }
      : { ...(await startHere(ends, print)), tokens: 'signed' as const, local: true }
    const when = new Date()
    const run = new Run({ ...place, artillery, options, print })
    const stop = () => run.stop()
    process.on('SIGINT', stop).on('SIGTERM', stop)
    const outcome = await run.go()
    await ends.all()
    const path = writeReport({ options, outcome, local: place.local, targets: place.targets, when })
    tell(outcome, path, print)
    if (outcome.stopped) return 130
    return outcome.verdict.kind === 'right' ? 0 : 1
  } catch (error) {
    for (const line of error instanceof Mistake ? [] : ends.log) print(line)
    throw error
  } finally {
    await ends.all()
  }
}

/** A cluster on this machine, which ends with the run. */
async function startHere(ends: Ends, print: (line: string) => void) {
  const { cluster, redisUrl, secret } = await startRunCluster((line) => ends.log.push(line))
  ends.add(cluster.end)
  const gauges = new Gauges(cluster, redisUrl)
  ends.add(async () => gauges.close())
  const targets = cluster.nodes.map(({ url }) => url)
  print(`Three nodes and a Redis on this machine: ${targets.join(', ')}`)
  const killNode = () => {
    const [node] = cluster.nodes
    node?.kill()
    return node?.name ?? ''
  }
  return { targets, secret, gauges, killNode }
}

/** What was started, ended in reverse. */
class Ends {
  /** What the nodes printed. */
  readonly log: string[] = []
  readonly #ends: (() => Promise<void>)[] = []

  add(end: () => Promise<void>): void {
    this.#ends.unshift(end)
  }

  async all(): Promise<void> {
    for (const end of this.#ends.splice(0)) await end()
  }
}

function tell({ verdict, totals, checks }: Outcome, path: string, print: (line: string) => void): void {
  for (const { says, ok } of checks) if (!ok) print(`Threshold not kept: ${says}`)
  for (const incident of totals.incidents.slice(0, 10)) print(incident)
  print(verdict.says)
  print(`Report: ${path}`)
}
