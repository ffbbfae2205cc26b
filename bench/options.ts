import { parseArgs } from 'node:util'
import { UsageError } from '../test/load/usage-error.ts'
import type { Build } from './harness/candidates.ts'
import type { Question } from './harness/question.ts'

export type BenchOptions = {
  questions: Question[]
  rounds: number
  /** How long each measurement takes, s. */
  seconds: number
  builds: Build[]
  json: string
  /** The command, without the places of its files. */
  command: string
  profile?: string | undefined
  quick: boolean
}

type Flag = {
  /** What stands for its value in the usage. Undefined: it has none. */
  value?: string
  meaning: string
  /** For a number. */
  range?: { min: number; max: number; whole: boolean }
  multiple?: boolean
}

const flags = {
  rounds: {
    value: 'N',
    meaning: 'how often each candidate is measured (5)',
    range: { min: 1, max: 1000, whole: true },
  },
  seconds: { value: 'S', meaning: 'length of a measurement (10)', range: { min: 0.5, max: 3600, whole: false } },
  where: { value: 'NAME=VALUE', meaning: 'only the cases with this parameter, as nodes=2', multiple: true },
  dist: { value: 'NAME=FOLDER', meaning: 'another build, as a further candidate', multiple: true },
  json: { value: 'FILE', meaning: 'where to write the figures (bench/results/DATE.json)' },
  profile: { value: 'FOLDER', meaning: 'write CPU profiles of the servers: see bench/self-time.ts' },
  quick: { meaning: 'a smoke run: one round of a second for the first case, with few clients' },
  help: { meaning: 'print this' },
} as const satisfies { [name: string]: Flag }

type FlagName = keyof typeof flags

const quickDefaults = { rounds: 1, seconds: 1 }
const defaults = { rounds: 5, seconds: 10 }

/** @returns undefined on --help @throws UsageError */
export function readBenchOptions(args: string[], questions: Question[], date: Date): BenchOptions | undefined {
  const fail = (problem: string) => new UsageError(`${problem}\n\n${usage(questions)}`, 2)
  const { values, positionals } = parse(args, fail)
  if (values.help) return undefined
  const quick = values.quick === true
  const fallback = quick ? quickDefaults : defaults
  const number = (name: 'rounds' | 'seconds') => {
    const text = values[name]
    if (text === undefined) return fallback[name]
    const { min, max, whole } = flags[name].range
    const value = Number(text)
    if (String(text).trim() !== '' && value >= min && value <= max && (!whole || Number.isInteger(value))) return value
    throw fail(`--${name}: expected a ${whole ? 'whole ' : ''}number from ${min} to ${max}, got "${text}"`)
  }
  const builds = textsOf(values.dist).map((text) => {
    const [name, folder] = pairOf('dist', text, fail)
    return { name, folder }
  })
  const selected = selectedQuestions(positionals, questions, fail)
  const filtered = withCases(selected, textsOf(values.where), fail)
  return {
    questions: quick ? filtered.map((question) => ({ ...question, cases: question.cases.slice(0, 1) })) : filtered,
    rounds: number('rounds'),
    seconds: number('seconds'),
    builds,
    command: commandOf(positionals, values),
    json: textOf(values.json) ?? `bench/results/${date.toISOString().replaceAll(':', '-')}.json`,
    profile: textOf(values.profile),
    quick,
  }
}

type Fail = (problem: string) => UsageError
type Values = { [name in FlagName]?: string | boolean | (string | boolean)[] | undefined }

function parse(args: string[], fail: Fail): { values: Values; positionals: string[] } {
  const options = Object.fromEntries(
    Object.entries(flags as { [name: string]: Flag }).map(([name, { value, multiple = false }]) => [
      name,
      { type: value === undefined ? ('boolean' as const) : ('string' as const), multiple },
    ]),
  )
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    throw fail(error instanceof Error ? error.message : String(error))
  }
}

const textOf = (value: Values[FlagName]) => (typeof value === 'string' ? value : undefined)
const textsOf = (value: Values[FlagName]) => (Array.isArray(value) ? value.map(String) : [])

function selectedQuestions(names: string[], questions: Question[], fail: Fail): Question[] {
  const unknown = names.filter((name) => !questions.some((question) => question.name === name))
  if (unknown.length > 0) throw fail(`Unknown question "${unknown[0]}"`)
  return names.length === 0 ? questions : questions.filter(({ name }) => names.includes(name))
}

/** Splits `NAME=VALUE`. */
function pairOf(flag: 'where' | 'dist', text: string, fail: Fail): readonly [string, string] {
  const [name = '', value = ''] = text.split(/=(.*)/s)
  if (name === '' || value === '') throw fail(`--${flag}: expected ${flags[flag].value}, got "${text}"`)
  return [name, value]
}

/** What a document can repeat: where the files were is left out. */
function commandOf(questions: string[], { rounds, seconds, where, dist, profile, quick }: Values): string {
  const given = [
    ...questions,
    ...(rounds === undefined ? [] : [`--rounds ${rounds}`]),
    ...(seconds === undefined ? [] : [`--seconds ${seconds}`]),
    ...textsOf(where).map((condition) => `--where '${condition}'`),
    ...textsOf(dist).map((build) => `--dist ${build.split('=', 1)[0]}=…`),
    ...(profile === undefined ? [] : ['--profile …']),
    ...(quick ? ['--quick'] : []),
  ]
  return ['npm run bench', ...(given.length > 0 ? ['--', ...given] : [])].join(' ')
}

/** Keeps the cases that have each of the parameters, as `nodes=2`, and the questions that have such cases. */
function withCases(questions: Question[], conditions: string[], fail: Fail): Question[] {
  const pairs = conditions.map((condition) => pairOf('where', condition, fail))
  const filtered = questions.map((question) => ({
    ...question,
    cases: question.cases.filter((parameters) => pairs.every(([name, value]) => String(parameters[name]) === value)),
  }))
  const matching = filtered.filter(({ cases }) => cases.length > 0)
  if (matching.length === 0) throw fail(`--where: no case has ${conditions.join(' and ')}`)
  return matching
}

export function usage(questions: Question[]): string {
  const named = Object.entries(flags as { [name: string]: Flag }).map(
    ([name, { value, meaning }]) => [`--${name}${value ? ` ${value}` : ''}`, meaning] as const,
  )
  const lines = (rows: (readonly [string, string])[]) => {
    const width = Math.max(...rows.map(([name]) => name.length))
    return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`).join('\n')
  }
  return `Usage: npm run bench -- [question …] [option …]

Questions (default: all of them):
${lines(questions.map(({ name, about }) => [name, about] as const))}

Options:
${lines(named)}`
}
