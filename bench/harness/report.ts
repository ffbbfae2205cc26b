import type { Candidate } from './candidates.ts'
import type { Figures, Parameters, Question } from './question.ts'
import { pairwiseRatios, type Spread, spreadOf } from './statistics.ts'

/** What `npm run bench` writes as JSON. */
export type BenchReport = {
  /** ISO 8601, UTC. */
  date: string
  command: string
  machine: string
  /** Of the last minute before the run: above 0 if the machine had other work. */
  loadAverage: number
  /** Of Signalbox, Node.js, Redis and the packages of the peers. */
  versions: { [name: string]: string }
  rounds: number
  seconds: number
  quick: boolean
  questions: QuestionReport[]
  /** The cases that could not be measured, and why. */
  failures: string[]
}

export type QuestionReport = Pick<Question, 'name' | 'about' | 'figures'> & { cases: CaseReport[] }

export type CaseReport = { parameters: Parameters; candidates: CandidateReport[] }

export type CandidateReport = {
  name: string
  durable: boolean
  /** The raw figures of each round, in the order of the rounds. */
  rounds: Figures[]
  summary: { [figure: string]: Spread }
  /** For each peer and each figure that can be compared: the ratio in each round, summarized. */
  ratios: { [peer: string]: { [figure: string]: Spread } }
}

/** The figures of all rounds of a case, by candidate. */
export type Measured = Map<Candidate, Figures[]>

export function caseReportOf(
  { figures }: Pick<Question, 'figures'>,
  parameters: Parameters,
  measured: Measured,
): CaseReport {
  const valuesOf = (rounds: Figures[], figure: string) => rounds.map((round) => round[figure] ?? Number.NaN)
  const all = Object.keys(figures)
  const compared = all.filter((figure) => figures[figure]?.better !== undefined)
  const peers = [...measured].filter(([{ durable }]) => !durable)
  const candidates = [...measured].map(([candidate, rounds]) => {
    const spreads = (names: string[], values: (figure: string) => number[]) =>
      Object.fromEntries(names.map((figure) => [figure, spreadOf(values(figure))]))
    const ratiosTo = (others: Figures[]) =>
      spreads(compared, (figure) => pairwiseRatios(valuesOf(rounds, figure), valuesOf(others, figure)))
    const others = peers.filter(([peer]) => peer !== candidate)
    return {
      name: candidate.name,
      durable: candidate.durable,
      rounds,
      summary: spreads(all, (figure) => valuesOf(rounds, figure)),
      ratios: Object.fromEntries(others.map(([peer, figures]) => [peer.name, ratiosTo(figures)])),
    }
  })
  return { parameters, candidates }
}

/** Three significant digits. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (value === 0) return '0'
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  return value.toFixed(Math.min(digits, 3))
}

/** Median and range, or the one value that all rounds have. */
export const formatSpread = ({ median, min, max }: Spread) =>
  min === max ? formatNumber(median) : `${formatNumber(median)} (${formatNumber(min)} to ${formatNumber(max)})`

export const formatRounds = ({ rounds, seconds }: Pick<BenchReport, 'rounds' | 'seconds'>) =>
  `${rounds} ${rounds === 1 ? 'round' : 'rounds'} of ${seconds} s`

export const formatParameters = (parameters: Parameters) =>
  Object.entries(parameters)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')

/** Lines for the terminal. */
export function* linesOf({ figures }: Pick<Question, 'figures'>, { candidates }: CaseReport): Iterable<string> {
  const width = Math.max(...candidates.map(({ name }) => name.length))
  const [main = ''] = Object.keys(figures)
  for (const { name, summary, ratios } of candidates) {
    const values = Object.entries(figures).map(([figure, { unit }]) => {
      const spread = summary[figure]
      return `${figure} ${spread ? formatSpread(spread) : '–'} ${unit}`
    })
    const compared = Object.entries(ratios).map(([peer, ratio]) => {
      const spread = ratio[main]
      return `${spread ? formatSpread(spread) : '–'} × ${peer}`
    })
    yield `  ${name.padEnd(width)}  ${[...values, ...compared].join('; ')}`
  }
}
