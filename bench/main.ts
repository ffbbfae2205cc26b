import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { loadavg } from 'node:os'
import { dirname } from 'node:path'
import { describeMachine } from '../test/load/machine.ts'
import { UsageError } from '../test/load/usage-error.ts'
import {
  type BenchReport,
  caseReportOf,
  formatNumber,
  formatParameters,
  formatRounds,
  linesOf,
  type QuestionReport,
} from './harness/report.ts'
import { measureCase, type RunOptions } from './harness/run.ts'
import { type BenchOptions, readBenchOptions, usage } from './options.ts'
import { questions } from './questions/index.ts'

/**
 * `npm run bench`: measures this build, other builds and the peers side by side, and writes every figure as JSON.
 * `npm run bench -- --help` lists the questions and the options; docs/benchmarks.md says what they measure.
 */
const quickShrink = 10
const quickWarmUpSeconds = 0.3
/** Until V8 has compiled what a message executes. */
const minWarmUpSeconds = 3
const require = createRequire(import.meta.url)

function versions(): BenchReport['versions'] {
  const versionOf = (name: string) => {
    const { version } = JSON.parse(readFileSync(require.resolve(`${name}/package.json`), 'utf8')) as { version: string }
    return [name, version] as const
  }
  const own = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
  const commit = spawnSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).stdout?.trim()
  const redis = spawnSync('redis-server', ['--version'], { encoding: 'utf8' }).stdout ?? ''
  return {
    signalbox: commit ? `${own.version} (${commit})` : own.version,
    node: process.versions.node,
    redis: /v=(\S+)/.exec(redis)?.[1] ?? 'unknown',
    ...Object.fromEntries(['socket.io', '@socket.io/redis-adapter', 'ioredis'].map(versionOf)),
  }
}

/** @returns false if a case failed */
async function run(options: BenchOptions): Promise<boolean> {
  const { rounds, seconds, quick, json, command } = options
  const runOptions: RunOptions = {
    ...options,
    warmUpSeconds: quick ? quickWarmUpSeconds : Math.max(minWarmUpSeconds, seconds * 0.3),
    shrink: quick ? quickShrink : 1,
  }
  const report: BenchReport = {
    date: new Date().toISOString(),
    command,
    machine: describeMachine(),
    loadAverage: loadavg()[0] ?? 0,
    versions: versions(),
    rounds,
    seconds,
    quick,
    questions: [],
    failures: [],
  }
  mkdirSync(dirname(json), { recursive: true })
  console.log(
    `${report.machine}, load average ${formatNumber(report.loadAverage)}; ${formatRounds(report)}; figures: median (lowest to highest)`,
  )
  for (const question of options.questions) {
    const { name, about, figures, cases } = question
    const answered: QuestionReport = { name, about, figures, cases: [] }
    report.questions.push(answered)
    console.log(`\n${name}: ${about}`)
    for (const parameters of cases) {
      console.log(` ${formatParameters(parameters)}`)
      try {
        const measured = caseReportOf(question, parameters, await measureCase(question, parameters, runOptions))
        answered.cases.push(measured)
        for (const line of linesOf(question, measured)) console.log(line)
      } catch (error) {
        report.failures.push(`${formatParameters(parameters)}: ${messageOf(error)}`)
        console.error(error)
      }
      // after each case, so that a run that is interrupted keeps its figures
      writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`)
    }
  }
  console.log(`\n${json}`)
  return report.failures.length === 0
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

const args = process.argv.slice(2)
try {
  const options = readBenchOptions(args, questions, new Date())
  if (!options) console.log(usage(questions))
  else if (!(await run(options))) process.exitCode = 1
} catch (error) {
  console.error(error instanceof UsageError ? error.message : error)
  process.exitCode = error instanceof UsageError ? error.exitCode : 1
}
