import { parseArgs } from 'node:util'
import type { Scenario } from './scenario.ts'
import { Mistake } from './usage-error.ts'

export type LoadOptions = {
  scenario: Scenario
  /** Nodes or balancers. None: a cluster is started for the run. */
  targets: string[]
  /** All of the run, s. */
  duration: number
  /** Over how long the users come, s. */
  ramp: number
  users: number
  rate: number
  /** Where reports are written. */
  out: string
}

const flags = {
  target: { type: 'string' },
  duration: { type: 'string' },
  users: { type: 'string' },
  rate: { type: 'string' },
  out: { type: 'string', default: 'load-reports' },
  help: { type: 'boolean', short: 'h' },
} as const

/** @returns undefined when help is asked for @throws Mistake */
export function readLoadOptions(args: string[], scenarios: Scenario[]): LoadOptions | undefined {
  const { values, positionals } = parse(args, scenarios)
  if (values.help) return undefined
  const wrong = (what: string) => new Mistake(`${what}\n\n${usage(scenarios)}`, 2)
  const [name, ...more] = positionals
  const scenario = scenarios.find((one) => one.name === name)
  if (name === undefined) throw wrong('Which scenario?')
  if (!scenario) throw wrong(`There is no scenario ${name}`)
  if (more.length > 0) throw wrong(`One scenario at a time, not also ${more.join(', ')}`)
  if (values.users !== undefined && scenario.users === undefined) {
    throw wrong(`--users: in ${name} users come and go; how many follows from --rate`)
  }
  const number = (flag: 'duration' | 'users' | 'rate', otherwise: number, least: number, most: number) => {
    const value = values[flag] === undefined ? otherwise : Number(values[flag])
    if (value >= least && value <= most && (flag === 'rate' || Number.isInteger(value))) return value
    throw wrong(
      `--${flag}: expected a${flag === 'rate' ? '' : ' whole'} number from ${least} to ${most}, not ${values[flag]}`,
    )
  }
  const duration = number('duration', 60, 5, 86_400)
  const users = number('users', scenario.users ?? 0, scenario.users === undefined ? 0 : 2, 100_000)
  const rate = number('rate', scenario.rate.default, 0.001, scenario.rate.most)
  // no faster than a cluster on a laptop takes logins, and a third of the run at most
  const ramp = Math.max(1, Math.min(Math.round(duration / 3), Math.ceil(users / 60)))
  return { scenario, targets: targetsOf(values.target, wrong), duration, ramp, users, rate, out: values.out }
}

function parse(args: string[], scenarios: Scenario[]) {
  try {
    return parseArgs({ args, options: flags, allowPositionals: true })
  } catch (error) {
    throw new Mistake(`${error instanceof Error ? error.message : error}\n\n${usage(scenarios)}`, 2)
  }
}

function targetsOf(text: string | undefined, wrong: (what: string) => Mistake): string[] {
  if (text === undefined) return []
  return text.split(',').map((part) => {
    const url = part.trim()
    if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw wrong(`--target: ${url || 'nothing'} is no http URL`)
    const { origin, pathname } = new URL(url)
    return `${origin}${pathname.replace(/\/+$/, '')}`
  })
}

export function usage(scenarios: Scenario[]): string {
  const rows = scenarios.map(({ name, about, users, rate }) => {
    const many = users === undefined ? '' : `--users ${users} `
    return `  ${name.padEnd(9)} ${about}\n${' '.repeat(12)}${many}--rate ${rate.default}: ${rate.means}`
  })
  return `Usage: npm run load -- <scenario> [--target url[,url]] [--duration 60] [--users N] [--rate N] [--out load-reports]

${rows.join('\n')}

Without --target it starts three nodes and a Redis on this machine, and ends them. Login tokens are signed with
SIGNALBOX_SECRET if that is set, and otherwise asked of POST /tokens/.`
}
