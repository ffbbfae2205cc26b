import { ms } from '../progress.ts'
import type { Row } from '../recorder.ts'
import type { Outcome } from '../run.ts'
import type { Usage } from '../usage.ts'
import { chart, type Series } from './chart.ts'

/** Values that are differences between two readings: the first reading has none. */
const withoutFirst = <T>(values: T[]) => values.map((value, index) => (index === 0 ? undefined : value))
const colours = ['one', 'two', 'three', 'four', 'fault']

/** The charts of a run, without those that would be empty. */
export function figures({ rows, usage, marks, totals }: Outcome): string[] {
  const storms = totals.counts.cuts > 0
  const at = rows.map((row) => row.at)
  const seriesOf = (pick: (row: Row) => number | undefined) => rows.map(pick)
  const { delivery, enter, back } = totals.times
  const common = { at, marks }
  return [
    delivery && latency({ rows, marks, totals }),
    chart({
      ...common,
      title: 'Users',
      caption: storms
        ? 'Users who are logged in, and those of them without a connection, at the end of each second.'
        : 'Users who are logged in.',
      unit: 'count',
      series: [
        { name: 'logged in', colour: 'one', kind: 'area', values: seriesOf(({ state }) => state.users) },
        ...(storms
          ? [{ name: 'disconnected', colour: 'fault', values: seriesOf(({ state }) => state.disconnected) }]
          : []),
      ],
    }),
    chart({
      ...common,
      title: 'Throughput',
      caption:
        'Per second: messages that were sent, and receipts. A message has one receipt for each of its receivers.',
      unit: 'count',
      series: [
        { name: 'sent', colour: 'two', values: seriesOf(({ perSecond }) => perSecond.sent) },
        { name: 'received', colour: 'one', values: seriesOf(({ perSecond }) => perSecond.delivered) },
      ],
    }),
    storms &&
      chart({
        ...common,
        title: 'Reconnects',
        caption: `Per second. ${back ? `Half resumed within ${ms(back.p50)}, all within ${ms(back.max)}.` : ''}`,
        unit: 'count',
        series: [
          { name: 'resumed', colour: 'three', kind: 'bars', values: seriesOf(({ perSecond }) => perSecond.returns) },
        ],
      }),
    enter &&
      chart({
        ...common,
        title: 'Logins',
        wide: !storms && usage.length <= 1, // so that it fills its row
        caption: `Per second. Half took less than ${ms(enter.p50)} including the connection, 99 % less than ${ms(enter.p99)}.`,
        unit: 'count',
        series: [
          { name: 'logins', colour: 'one', kind: 'area', values: seriesOf(({ perSecond }) => perSecond.logins) },
          { name: 'leaves', colour: 'two', values: seriesOf(({ perSecond }) => perSecond.leaves) },
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
    caption: `Percentiles of each second, both sides connected. Over the whole run: half within ${ms(delivery?.p50)}, 99 % within ${ms(delivery?.p99)}, the slowest ${ms(delivery?.max)}.`,
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
    caption: 'Cores that each process uses. All processes run on the machine of the load generator.',
    at: usage.map(({ at }) => at),
    marks,
    unit: 'cores',
    series: [
      ...names.map((name, index) => ({
        name: `node ${name}`,
        colour: colours[index] ?? 'one',
        values: withoutFirst(node(name)),
      })),
      { name: 'Redis', colour: 'four', values: withoutFirst(usage.map(({ redis }) => redis.cores)) },
      { name: 'load', colour: 'faint', values: withoutFirst(usage.map(({ at }) => nearest(at).generator)) },
    ],
  })
}

function memory(usage: Usage[], marks: Outcome['marks'], wide: boolean): string {
  const names = [...new Set(usage.flatMap(({ nodes }) => nodes.map(({ name }) => name)))]
  const mega = (bytes: number | undefined) => (bytes === undefined ? undefined : bytes / 1e6)
  const node = (name: string) => usage.map(({ nodes }) => mega(nodes.find((one) => one.name === name)?.rss))
  return chart({
    title: 'Memory',
    caption: 'Resident memory of each process.',
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
