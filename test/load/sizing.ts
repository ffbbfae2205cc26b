import type { Outcome } from './run.ts'

/** What one message, or one login and leave where nothing is sent, takes of a cluster on this machine. */
export type Sizing = {
  unit: 'message' | 'login and leave'
  nodeCpuMs: number
  nodeCpuPerReceiptMs: number
  redisCpuMs: number
  scripts: number
  commands: number
  /** What the nodes grew by until most were connected, heap and all, for each connection. */
  connectionBytes?: number
}

type Known = Pick<Outcome, 'rows' | 'usage' | 'marks' | 'totals'>

/** Over the part of the run in which everyone was there. Undefined: nothing is known of the cluster's processes. */
export function sizingOf({ rows, usage, marks, totals }: Known): Sizing | undefined {
  const full = totals.most.users * 0.9
  const start = rows.find(({ standing }) => standing.users >= full)?.at ?? 0
  const end = marks.find(({ hard }) => !hard)?.at ?? Number.POSITIVE_INFINITY
  const inside = ({ at }: { at: number }) => at > start && at <= end
  const gauges = usage.slice(1).filter(inside)
  const paces = rows.filter(inside).map(({ pace }) => pace)
  const unit = totals.counts.sent > 0 ? 'message' : 'login and leave'
  const perSecond = mean(paces.map((pace) => (unit === 'message' ? pace.sent : pace.logins)))
  const receipts = mean(paces.map(({ delivered }) => delivered))
  if (gauges.length === 0 || perSecond === 0) return undefined
  const cores = mean(gauges.map(({ nodes }) => sum(nodes.map((node) => node.cores))))
  const grown = growth(usage)
  return {
    unit,
    nodeCpuMs: (cores * 1000) / perSecond,
    nodeCpuPerReceiptMs: (cores * 1000) / receipts,
    redisCpuMs: (mean(gauges.map(({ redis }) => redis.cores)) * 1000) / perSecond,
    scripts: mean(gauges.map(({ redis }) => redis.scripts)) / perSecond,
    commands: mean(gauges.map(({ redis }) => redis.commands)) / perSecond,
    ...(grown === undefined ? {} : { connectionBytes: grown }),
  }
}

/** Only while all nodes live: what a node that is gone had used is not known. */
function growth(usage: Outcome['usage']): number | undefined {
  const [first] = usage
  const whole = usage.filter(({ nodes }) => nodes.length === first?.nodes.length)
  const connections = (row: Outcome['usage'][number]) => sum(row.nodes.map((node) => node.connections ?? 0))
  const most = whole.toSorted((a, b) => connections(b) - connections(a))[0]
  if (!first || !most || connections(most) === 0) return undefined
  const rss = (row: Outcome['usage'][number]) => sum(row.nodes.map((node) => node.rss))
  return Math.max(0, rss(most) - rss(first)) / connections(most)
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
const mean = (values: number[]) => (values.length === 0 ? 0 : sum(values) / values.length)
