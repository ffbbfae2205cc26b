import { type Counter, faultCounters } from '../counters.ts'
import { ms } from '../progress.ts'
import type { Outcome } from '../run.ts'
import type { Sizing } from '../sizing.ts'
import { htmlText } from './html-text.ts'

const counterRows: [Counter, string, string][] = [
  ['sent', 'Messages sent', ''],
  ['acked', 'Acked', 'the server promised delivery'],
  ['delivered', 'Receipts', 'one message received by one of its receivers'],
  ['lost', 'Lost', ''],
  ['duplicated', 'Duplicated', 'for the application or on its connection'],
  ['outOfOrder', 'Out of order', ''],
  ['late', 'Late', 'took more than a second although both users stayed connected'],
  ['caughtUp', 'Caught up', 'receipts after the sender or receiver had been disconnected'],
  ['refused', 'Refused', ''],
  ['cuts', 'Connections lost', ''],
  ['returns', 'Sessions resumed', ''],
  ['moves', '… at another address', ''],
  ['resyncs', 'Resumed with a gap', 'the node reported complete: false'],
  ['seenLeaving', 'Wrongly seen leaving', ''],
  ['endedSessions', 'Sessions ended by the server', ''],
  ['logins', 'Logins', ''],
  ['failedLogins', 'Failed logins', ''],
]

export function ledgerTable({ totals }: Outcome): string {
  const rows = counterRows.map(([counter, name, description]) => {
    const value = totals.counts[counter]
    const wrong = value > 0 && (faultCounters as readonly Counter[]).includes(counter)
    const small = description ? `<small>${htmlText(description)}</small>` : ''
    return `<tr${wrong ? ' class="fault"' : ''}><td>${htmlText(name)}${small}</td><td>${value.toLocaleString('en')}</td></tr>`
  })
  return `<section class="card"><h2>The ledger</h2><table>${rows.join('')}</table></section>`
}

const timingRows = [
  ['delivery', 'From sending to receiving'],
  ['ack', 'From sending to the ack'],
  ['enter', 'Connecting and logging in'],
  ['back', 'From losing the connection to resuming'],
  ['setup', 'From an offer to the answer and all candidates'],
] as const

export function timesTable({ totals }: Outcome): string {
  const rows = timingRows.flatMap(([timing, name]) => {
    const percentiles = totals.times[timing]
    if (!percentiles) return []
    const cells = [percentiles.p50, percentiles.p95, percentiles.p99, percentiles.max].map(
      (value) => `<th class="n">${ms(value)}</th>`,
    )
    return [`<tr><td>${htmlText(name)}</td>${cells.join('')}</tr>`]
  })
  const heads = ['p50', 'p95', 'p99', 'max'].map((head) => `<th class="n">${head}</th>`).join('')
  return `<section class="card"><h2>Times</h2><table><thead><tr><th></th>${heads}</tr></thead>${rows.join('')}</table></section>`
}

export function checksTable({ checks, totals, marks }: Outcome): string {
  const rows = checks
    .toSorted((a, b) => Number(a.ok) - Number(b.ok))
    .map(({ threshold, ok }) => {
      const word = ok ? '<span class="ok">✓ held</span>' : '<span class="fail">✗ exceeded</span>'
      return `<tr><td>${htmlText(threshold.replaceAll('signalbox.', ''))}</td><td>${word}</td></tr>`
    })
  const events = marks.map(({ at, label }) => `<tr><td>${htmlText(label)}</td><td>${at.toFixed(1)} s</td></tr>`)
  const incidents = totals.incidents.map((incident) => `<li>${htmlText(incident)}</li>`)
  return [
    rows.length > 0 ? `<section class="card"><h2>Thresholds</h2><table>${rows.join('')}</table></section>` : '',
    events.length > 0 ? `<section class="card"><h2>Events</h2><table>${events.join('')}</table></section>` : '',
    incidents.length > 0
      ? `<section class="card wide"><h2>First faults</h2><ol>${incidents.join('')}</ol></section>`
      : '',
  ].join('\n')
}

const sizingRows: [keyof Sizing, string, (value: number) => string][] = [
  ['nodeCpuMs', 'Node CPU', (value) => `${value.toFixed(2)} ms`],
  ['nodeCpuPerReceiptMs', 'Node CPU, per receipt', (value) => `${value.toFixed(3)} ms`],
  ['redisCpuMs', 'Redis CPU', (value) => `${value.toFixed(3)} ms`],
  ['scripts', 'Redis scripts', (value) => value.toFixed(1)],
  ['commands', 'Redis commands, including those in scripts', (value) => value.toFixed(1)],
  ['connectionBytes', 'Memory of a node per connection', (value) => `${Math.round(value / 1000)} kB`],
]

export function sizingTable(sizing: Sizing | undefined): string {
  if (!sizing) return ''
  const rows = sizingRows.flatMap(([name, label, format]) => {
    const value = sizing[name]
    return typeof value === 'number' ? [`<tr><td>${htmlText(label)}</td><td>${format(value)}</td></tr>`] : []
  })
  return `<section class="card"><h2>For sizing, per ${sizing.unit}</h2><table>${rows.join('')}</table></section>`
}
