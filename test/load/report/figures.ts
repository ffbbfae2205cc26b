import { ms } from '../progress.ts'
import type { Row } from '../recorder.ts'
import type { Outcome } from '../run.ts'
import type { Usage } from '../usage.ts'
import { chart, type Series } from './chart.ts'

/** What is read of it is a difference: there is none before the first. */
const later = <T>(values: T[]) => values.map((value, index) => (index === 0 ? undefined : value))
const colours = ['one', 'two', 'three', 'four', 'away']

/** The charts of a run: those that have something to show. */
export function figures({ rows, usage, marks, totals }: Outcome): string[] {
  const storms = totals.counts.cuts > 0
  const at = rows.map((row) => row.at)
  const of = (pick: (row: Row) => number | undefined) => rows.map(pick)
  const { delivery, enter, back } = totals.times
  const common = { at, marks }
  return [
    delivery && latency({ rows, marks, totals }),
    chart({
      ...common,
      title: 'Users',
      says: storms ? 'Logged in, and of them without a connection at the end of each second.' : 'Logged in.',
      unit: 'count',
      series: [
        { name: 'logged in', colour: 'one', kind: 'area', values: of(({ standing }) => standing.users) },
        ...(storms ? [{ name: 'away', colour: 'away', values: of(({ standing }) => standing.away) }] : []),
      ],
    }),
    chart({
      ...common,
      title: 'Throughput',
      says: 'A second: what was sent, and its receipts; one message has as many receipts as people whom it is for.',
      unit: 'count',
      series: [
        { name: 'sent', colour: 'two', values: of(({ pace }) => pace.sent) },
        { name: 'received', colour: 'one', values: of(({ pace }) => pace.delivered) },
      ],
    }),
    storms &&
      chart({
        ...common,
        title: 'Reconnects',
        says: `A second. ${back ? `Half were back within ${ms(back.p50)}, all within ${ms(back.max)}.` : ''}`,
        unit: 'count',
        series: [{ name: 'came back', colour: 'three', kind: 'bars', values: of(({ pace }) => pace.returns) }],
      }),
    enter &&
      chart({
        ...common,
        title: 'Logins',
        wide: !storms && usage.length <= 1, // so that none stands alone
        says: `A second. Half took less than ${ms(enter.p50)} with their connection, all but 1 % less than ${ms(enter.p99)}.`,
        unit: 'count',
        series: [
          { name: 'came', colour: 'one', kind: 'area', values: of(({ pace }) => pace.logins) },
          { name: 'left', colour: 'two', values: of(({ pace }) => pace.leaves) },
        ],
      }),
    usage.length > 1 && processes(usage, rows, marks),
    usage.length > 1 && memory(usage, marks, !storms),
  ].filter((figure) => typeof figure === 'string')
}

function latency({ rows, marks, totals }: Pick<Outcome, 'rows' | 'marks' | 'totals'>): string {
  const { delivery } = totals.times
  const part = (name: 'p50' | 'p95' | 'p99'): Series => ({
    name,
    colour: name,
    values: rows.map(({ times }) => times.delivery?.[name]),
  })
  return chart({
    title: 'From sending to receiving',
    says: `Percentiles of each second, both sides connected. Over the whole run: half within ${ms(delivery?.p50)}, 99 % within ${ms(delivery?.p99)}, the slowest ${ms(delivery?.max)}.`,
    at: rows.map((row) => row.at),
    marks,
    scale: 'logarithmic',
    unit: 'ms',
    wide: true,
    series: [part('p50'), part('p95'), part('p99')],
  })
}

function processes(usage: Usage[], rows: Row[], marks: Outcome['marks']): string {
  const names = [...new Set(usage.flatMap(({ nodes }) => nodes.map(({ name }) => name)))]
  const node = (name: string) => usage.map(({ nodes }) => nodes.find((one) => one.name === name)?.cores)
  const nearest = (at: number) =>
    rows.reduce((best, row) => (Math.abs(row.at - at) < Math.abs(best.at - at) ? row : best))
  return chart({
    title: 'Processor',
    says: 'Cores that each process takes. All of them share this machine with the load generator.',
    at: usage.map(({ at }) => at),
    marks,
    unit: 'cores',
    series: [
      ...names.map((name, index) => ({
        name: `node ${name}`,
        colour: colours[index] ?? 'one',
        values: later(node(name)),
      })),
      { name: 'Redis', colour: 'four', values: later(usage.map(({ redis }) => redis.cores)) },
      { name: 'load', colour: 'faint', values: later(usage.map(({ at }) => nearest(at).generator)) },
    ],
  })
}

function memory(usage: Usage[], marks: Outcome['marks'], wide: boolean): string {
  const names = [...new Set(usage.flatMap(({ nodes }) => nodes.map(({ name }) => name)))]
  const mega = (bytes: number | undefined) => (bytes === undefined ? undefined : bytes / 1e6)
  const node = (name: string) => usage.map(({ nodes }) => mega(nodes.find((one) => one.name === name)?.rss))
  return chart({
    title: 'Memory',
    says: 'Resident, of each process.',
    at: usage.map(({ at }) => at),
    marks,
    unit: 'MB',
    wide,
    series: [
      ...names.map((name, index) => ({ name: `node ${name}`, colour: colours[index] ?? 'one', values: node(name) })),
      { name: 'Redis', colour: 'four', values: usage.map(({ redis }) => mega(redis.rss)) },
    ],
  })
}
