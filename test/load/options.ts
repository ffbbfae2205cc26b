import { parseArgs } from 'node:util'
import type { Scenario } from './scenario.ts'
import { UsageError } from './usage-error.ts'

export type LoadOptions = {
  scenario: Scenario
  /** Nodes or load balancers. Empty: the command starts a cluster. */
  targets: string[]
  /** Length of the run, s. */
  duration: number
  /** The time over which the users log in, s. */
  ramp: number
  users: number
  rate: number
  /** The folder of the reports. */
  out: string
}

const flagSpecs = {
  target: { type: 'string' },
  duration: { type: 'string' },
  users: { type: 'string' },
  rate: { type: 'string' },
  out: { type: 'string', default: 'load-reports' },
  help: { type: 'boolean', short: 'h' },
} as const

/** @returns undefined on --help @throws UsageError */
export function readLoadOptions(args: string[], scenarios: Scenario[]): LoadOptions | undefined {
  const { values, positionals } = parse(args, scenarios)
  if (values.help) return undefined
  const usageError = (problem: string) => new UsageError(`${problem}\n\n${usage(scenarios)}`, 2)
  const [name, ...more] = positionals
  const scenario = scenarios.find((known) => known.name === name)
  if (name === undefined) throw usageError('No scenario given')
  if (!scenario) throw usageError(`Unknown scenario "${name}"`)
  if (more.length > 0) throw usageError(`Expected one scenario, but also got ${more.join(', ')}`)
  if (values.users !== undefined && scenario.users === undefined) {
    throw usageError(`--users: ${name} has no fixed number of users; it follows from --rate`)
  }
  const number = (flag: 'duration' | 'users' | 'rate', fallback: number, min: number, max: number) => {
    const value = values[flag] === undefined ? fallback : Number(values[flag])
    if (value >= min && value <= max && (flag === 'rate' || Number.isInteger(value))) return value
    throw usageError(
      `--${flag}: expected a${flag === 'rate' ? '' : ' whole'} number from ${min} to ${max}, got "${values[flag]}"`,
    )
  }
  const duration = number('duration', 60, 5, 86_400)
  const users = number('users', scenario.users ?? 0, scenario.users === undefined ? 0 : 2, 100_000)
  const rate = number('rate', scenario.rate.default, 0.001, scenario.rate.max)
  // at most 60 logins per second, which a cluster on a laptop can process, and at most a third of the run
  const ramp = Math.max(1, Math.min(Math.round(duration / 3), Math.ceil(users / 60)))
  return { scenario, targets: targetsOf(values.target, usageError), duration, ramp, users, rate, out: values.out }
}

function parse(args: string[], scenarios: Scenario[]) {
  try {
    return parseArgs({ args, options: flagSpecs, allowPositionals: true })
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}\n\n${usage(scenarios)}`, 2)
  }
}

function targetsOf(text: string | undefined, usageError: (problem: string) => UsageError): string[] {
  if (text === undefined) return []
  return text.split(',').map((part) => {
    const url = part.trim()
    if (!/^https?:\/\//.test(url) || !URL.canParse(url))
      throw usageError(`--target: "${url}" is not an http or https URL`)
    const { origin, pathname } = new URL(url)
    return `${origin}${pathname.replace(/\/+$/, '')}`
  })
}

export function usage(scenarios: Scenario[]): string {
  const rows = scenarios.map(({ name, about, users, rate }) => {
    const usersFlag = users === undefined ? '' : `--users ${users} `
    return `  ${name.padEnd(9)} ${about}\n${' '.repeat(12)}${usersFlag}--rate ${rate.default}: ${rate.means}`
  })
  return `Usage: npm run load -- <scenario> [--target url[,url]] [--duration 60] [--users N] [--rate N] [--out load-reports]

${rows.join('\n')}

Without --target the command starts three nodes and a Redis on this machine and stops them at the end. Login tokens are
signed with SIGNALBOX_SECRET if it is set; otherwise they come from POST /tokens/.`
}
