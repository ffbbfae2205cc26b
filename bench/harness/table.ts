import {
  type BenchReport,
  type CandidateReport,
  formatNumber,
  formatParameters,
  formatSpread,
  type QuestionReport,
} from './report.ts'

/** The Markdown of a run: its date, machine, versions and command, then a table for each question. */
export function tablesOf(report: BenchReport): string {
  const { date, machine, versions, command, rounds, seconds, quick } = report
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const smoke = quick ? ' This was a smoke run, so its figures show nothing but that it works.' : ''
  const head = [
    `Measured on ${date.slice(0, 10)} on ${machine}; ${named.join(', ')}.${smoke}`,
    `\`${command}\`: ${rounds} rounds of ${seconds} s. Each cell has the median, and the lowest and highest value of a round.`,
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
  const units = Object.entries(figures)
  const [main = '', mainFigure] = units[0] ?? []
  const peers = [...new Set(cases.flatMap(({ candidates }) => candidates.flatMap(({ ratios }) => Object.keys(ratios))))]
  const better = mainFigure?.better === 'higher' ? 'more is better' : 'less is better'
  const head = [
    'case',
    'candidate',
    ...units.map(([figure, { unit }]) => (unit ? `${figure}, ${unit}` : figure)),
    ...peers.map((peer) => `${main} × ${peer} (${better})`),
  ]
  const rows = cases.flatMap(({ parameters, candidates }) =>
    candidates.map((candidate) => [
      formatParameters(parameters),
      candidate.name,
      ...cellsOf(candidate, Object.keys(figures)),
      ...peers.map((peer) => ratioCell(candidate, peer, main)),
    ]),
  )
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return [`### ${name}`, '', ...lines].join('\n')
}

function cellsOf({ summary }: CandidateReport, figures: string[]): string[] {
  return figures.map((figure) => {
    const spread = summary[figure]
    if (!spread) return '–'
    return spread.min === spread.max ? formatNumber(spread.median) : formatSpread(spread)
  })
}

function ratioCell({ ratios }: CandidateReport, peer: string, figure: string): string {
  const spread = ratios[peer]?.[figure]
  return spread ? formatSpread(spread) : '–'
}
