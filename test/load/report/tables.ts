import { type Counter, faults } from '../counters.ts'
import { ms } from '../progress.ts'
import type { Outcome } from '../run.ts'
import type { Sizing } from '../sizing.ts'
import { htmlText } from './html-text.ts'

const told: [Counter, string, string][] = [
  ['sent', 'Messages sent', ''],
  ['acked', 'Acked', 'the server has promised to deliver them'],
  ['delivered', 'Receipts', 'one message at one of those whom it is for'],
  ['lost', 'Lost', ''],
  ['doubled', 'Doubled', 'as a client or its connection saw it'],
  ['outOfOrder', 'Out of order', ''],
  ['late', 'Late', 'took more than a second, although both were connected'],
  ['caughtUp', 'Caught up', 'receipts after the sender or the receiver was away'],
  ['refused', 'Refused', ''],
  ['cuts', 'Connections lost', ''],
  ['returns', 'Came back', ''],
  ['moves', '… on another node', ''],
  ['resyncs', 'Came back with a gap', 'and were told so'],
  ['seenLeaving', 'Wrongly seen leaving', ''],
  ['thrownOut', 'Sessions ended by the server', ''],
  ['logins', 'Logins', ''],
  ['failedLogins', 'Logins that failed', ''],
]

export function ledgerTable({ totals }: Outcome): string {
  const rows = told.map(([counter, name, means]) => {
    const value = totals.counts[counter]
    const wrong = value > 0 && (faults as readonly Counter[]).includes(counter)
    const small = means ? `<small>${htmlText(means)}</small>` : ''
    return `<tr${wrong ? ' class="fault"' : ''}><td>${htmlText(name)}${small}</td><td>${value.toLocaleString('en')}</td></tr>`
  })
  return `<section class="card"><h2>The ledger</h2><table>${rows.join('')}</table></section>`
}

const durations = [
  ['delivery', 'From sending to receiving'],
  ['ack', 'From sending to the ack'],
  ['enter', 'Connecting and logging in'],
  ['back', 'From losing the connection to being back'],
  ['setup', 'From an offer to the answer and all candidates'],
] as const

export function timesTable({ totals }: Outcome): string {
  const rows = durations.flatMap(([timing, name]) => {
    const found = totals.times[timing]
    if (!found) return []
    const cells = [found.p50, found.p95, found.p99, found.max].map((value) => `<th class="n">${ms(value)}</th>`)
    return [`<tr><td>${htmlText(name)}</td>${cells.join('')}</tr>`]
  })
  const heads = ['p50', 'p95', 'p99', 'max'].map((head) => `<th class="n">${head}</th>`).join('')
  return `<section class="card"><h2>Times</h2><table><thead><tr><th></th>${heads}</tr></thead>${rows.join('')}</table></section>`
}

export function checksTable({ checks, totals, marks }: Outcome): string {
  const rows = checks
    .toSorted((a, b) => Number(a.ok) - Number(b.ok))
    .map(({ says, ok }) => {
      const word = ok ? '<span class="ok">✓ kept</span>' : '<span class="fail">✗ not kept</span>'
      return `<tr><td>${htmlText(says.replaceAll('signalbox.', ''))}</td><td>${word}</td></tr>`
    })
  const events = marks.map(({ at, says }) => `<tr><td>${htmlText(says)}</td><td>${at.toFixed(1)} s</td></tr>`)
  const incidents = totals.incidents.map((incident) => `<li>${htmlText(incident)}</li>`)
  return [
    rows.length > 0 ? `<section class="card"><h2>Thresholds</h2><table>${rows.join('')}</table></section>` : '',
    events.length > 0 ? `<section class="card"><h2>What was done</h2><table>${events.join('')}</table></section>` : '',
    incidents.length > 0
      ? `<section class="card wide"><h2>What went wrong first</h2><ol>${incidents.join('')}</ol></section>`
      : '',
  ].join('\n')
}

const words: [keyof Sizing, string, (value: number) => string][] = [
  ['nodeCpuMs', 'Node CPU', (value) => `${value.toFixed(2)} ms`],
  ['nodeCpuPerReceiptMs', 'Node CPU, per receipt', (value) => `${value.toFixed(3)} ms`],
  ['redisCpuMs', 'Redis CPU', (value) => `${value.toFixed(3)} ms`],
  ['scripts', 'Redis scripts', (value) => value.toFixed(1)],
  ['commands', 'Redis commands, those inside of scripts too', (value) => value.toFixed(1)],
  ['connectionBytes', 'Memory of a node per connection, all told', (value) => `${Math.round(value / 1000)} kB`],
]

export function sizingTable(sizing: Sizing | undefined): string {
  if (!sizing) return ''
  const rows = words.flatMap(([name, says, format]) => {
    const value = sizing[name]
    return typeof value === 'number' ? [`<tr><td>${htmlText(says)}</td><td>${format(value)}</td></tr>`] : []
  })
  return `<section class="card"><h2>For sizing, per ${sizing.unit}</h2><table>${rows.join('')}</table></section>`
}
