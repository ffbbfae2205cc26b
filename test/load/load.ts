import { installArtillery } from './artillery.ts'
import { startRunCluster } from './local.ts'
import { readLoadOptions, usage } from './options.ts'
import { writeReport } from './report/report.ts'
import { type Outcome, Run } from './run.ts'
import { readScenarios } from './scenario.ts'
import { tryTargets } from './target.ts'
import { UsageReader } from './usage.ts'
import { UsageError } from './usage-error.ts'

/**
 * `npm run load -- <scenario>`: drives virtual users against a cluster with artillery, keeps a ledger of what they send
 * and receive, and writes a report. @returns the exit code: 0 only if no message was lost or duplicated and all
 * thresholds held
 */
export async function load(args: string[], print: (line: string) => void): Promise<number> {
  const scenarios = readScenarios()
  const options = readLoadOptions(args, scenarios)
  if (!options) {
    print(usage(scenarios))
    return 0
  }
  const cleanup = new Cleanup()
  try {
    const dialect = options.scenario.name === 'exchange' ? 'exchanger' : 'portal'
    const secret = process.env.SIGNALBOX_SECRET || undefined
    // check the targets before anything is downloaded or started
    const targetTokens = options.targets.length > 0 && {
      tokens: await tryTargets(options.targets, dialect, secret),
      secret,
    }
    print('Installing artillery from npm (about 650 MB on the first run)…')
    const artillery = installArtillery()
    const cluster = targetTokens
      ? { ...targetTokens, targets: options.targets, local: false }
      : { ...(await startLocalRun(cleanup, print)), tokens: 'signed' as const, local: true }
    const when = new Date()
    const run = new Run({ ...cluster, artillery, options, print })
    const stop = () => run.stop()
    process.on('SIGINT', stop).on('SIGTERM', stop)
    const outcome = await run.go()
    await cleanup.run()
    const path = writeReport({ options, outcome, local: cluster.local, targets: cluster.targets, when })
    printOutcome(outcome, path, print)
    if (outcome.stopped) return 130
    return outcome.verdict.kind === 'right' ? 0 : 1
  } catch (error) {
    for (const line of error instanceof UsageError ? [] : cleanup.nodeOutput) print(line)
    throw error
  } finally {
    await cleanup.run()
  }
}

/** Starts a cluster on this machine for this run. */
async function startLocalRun(cleanup: Cleanup, print: (line: string) => void) {
  const { cluster, redisUrl, secret } = await startRunCluster((line) => cleanup.nodeOutput.push(line))
  cleanup.add(cluster.stop)
  const usageReader = new UsageReader(cluster, redisUrl)
  cleanup.add(async () => usageReader.close())
  const targets = cluster.nodes.map(({ url }) => url)
  print(`Three nodes and a Redis on this machine: ${targets.join(', ')}`)
  const killNode = () => {
    const [node] = cluster.nodes
    node?.kill()
    return node?.name ?? ''
  }
  return { targets, secret, usageReader, killNode }
}

/** Ends what was started, in reverse order. */
class Cleanup {
  /** What the nodes printed; shown after an unexpected error. */
  readonly nodeOutput: string[] = []
  readonly #steps: (() => Promise<void>)[] = []

  add(step: () => Promise<void>): void {
    this.#steps.unshift(step)
  }

  async run(): Promise<void> {
    for (const step of this.#steps.splice(0)) await step()
  }
}

function printOutcome({ verdict, totals, checks }: Outcome, path: string, print: (line: string) => void): void {
  for (const { threshold, ok } of checks) if (!ok) print(`Threshold exceeded: ${threshold}`)
  for (const incident of totals.incidents.slice(0, 10)) print(incident)
  print(verdict.summary)
  print(`Report: ${path}`)
}
