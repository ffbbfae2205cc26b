import {
  type BenchReport,
  type CandidateReport,
  formatParameters,
  formatRounds,
  formatSpread,
  type QuestionReport,
} from './report.ts'
import type { Spread } from './statistics.ts'

/** The Markdown of a run: its date, machine, versions and command, then a table for each question. */
export function tablesOf(report: BenchReport): string {
  const { date, machine, versions, command, quick } = report
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const smoke = quick ? ' This was a smoke run, so its figures show nothing but that it works.' : ''
  const head = [
    `Measured on ${date.slice(0, 10)} on ${machine}; ${named.join(', ')}.${smoke}`,
    `\`${command}\`: ${formatRounds(report)}. Each cell has the median, and the lowest and highest value of a round.`,
  ]
  return [head.join(' '), ...report.questions.map(tableOf)].join('\n\n')
}

/** Replaces what stands between the markers. @throws Error if the document has no markers */
export function tableIn(document: string, tables: string): string {
  const [start, end] = ['<!-- bench -->', '<!-- /bench -->']
  const [from, to] = [document.indexOf(start), document.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`The document has no ${start} with a ${end} after it`)
  return `${document.slice(0, from + start.length)}\n\n${tables}\n\n${document.slice(to)}`
}

function tableOf({ name, figures, cases }: QuestionReport): string {
  const peers = [...new Set(cases.flatMap(({ candidates }) => candidates.flatMap(({ ratios }) => Object.keys(ratios))))]
  const units = Object.entries(figures).map(([figure, { unit }]) => (unit ? `${figure}, ${unit}` : figure))
  const head = ['case', 'candidate', ...units, ...peers.map((peer) => `× ${peer}`)]
  const rows = cases.flatMap(({ parameters, candidates }) =>
    candidates.map((candidate) => [
      formatParameters(parameters),
      candidate.name,
      ...Object.keys(figures).map((figure) => formatted(candidate.summary[figure])),
      ...peers.map((peer) => ratiosIn(candidate, peer)),
    ]),
  )
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return [`### ${name}`, '', ...lines].join('\n')
}

/** The ratios of all figures that can be compared. */
function ratiosIn({ ratios }: CandidateReport, peer: string): string {
  const texts = Object.entries(ratios[peer] ?? {}).map(([figure, spread]) => `${figure} ${formatSpread(spread)}`)
  return texts.join('; ') || '–'
}

const formatted = (spread: Spread | undefined) => (spread ? formatSpread(spread) : '–')
