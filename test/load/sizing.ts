import type { Outcome } from './run.ts'

/** What one message costs a cluster on this machine; in a run without messages, one login and leave. */
export type Sizing = {
  unit: 'message' | 'login and leave'
  nodeCpuMs: number
  nodeCpuPerReceiptMs: number
  redisCpuMs: number
  scripts: number
  commands: number
  /** Growth of the nodes' resident memory until the most clients were connected, per connection. */
  connectionBytes?: number
}

type Known = Pick<Outcome, 'rows' | 'usage' | 'marks' | 'totals'>

/** Means over the part of the run in which all users were logged in. Undefined: the cluster's processes were not measured. */
export function sizingOf({ rows, usage, marks, totals }: Known): Sizing | undefined {
  const full = totals.peak.users * 0.9
  const start = rows.find(({ state }) => state.users >= full)?.at ?? 0
  const end = marks.find(({ hard }) => !hard)?.at ?? Number.POSITIVE_INFINITY
  const isSteady = ({ at }: { at: number }) => at > start && at <= end
  const readings = usage.slice(1).filter(isSteady)
  const rates = rows.filter(isSteady).map(({ perSecond }) => perSecond)
  const unit = totals.counts.sent > 0 ? 'message' : 'login and leave'
  const meanRate = mean(rates.map((perSecond) => (unit === 'message' ? perSecond.sent : perSecond.logins)))
  const receipts = mean(rates.map(({ delivered }) => delivered))
  if (readings.length === 0 || meanRate === 0) return undefined
  const cores = mean(readings.map(({ nodes }) => sum(nodes.map((node) => node.cores))))
  const connectionBytes = memoryPerConnection(usage)
  return {
    unit,
    nodeCpuMs: (cores * 1000) / meanRate,
    nodeCpuPerReceiptMs: (cores * 1000) / receipts,
    redisCpuMs: (mean(readings.map(({ redis }) => redis.cores)) * 1000) / meanRate,
    scripts: mean(readings.map(({ redis }) => redis.scripts)) / meanRate,
    commands: mean(readings.map(({ redis }) => redis.commands)) / meanRate,
    ...(connectionBytes === undefined ? {} : { connectionBytes }),
  }
}

/** Bytes per connection. Uses only rows with all nodes, because the memory of a killed node is unknown. */
function memoryPerConnection(usage: Outcome['usage']): number | undefined {
  const [first] = usage
  const complete = usage.filter(({ nodes }) => nodes.length === first?.nodes.length)
  const connections = (row: Outcome['usage'][number]) => sum(row.nodes.map((node) => node.connections ?? 0))
  const peak = complete.toSorted((a, b) => connections(b) - connections(a))[0]
  if (!first || !peak || connections(peak) === 0) return undefined
  const rss = (row: Outcome['usage'][number]) => sum(row.nodes.map((node) => node.rss))
  return Math.max(0, rss(peak) - rss(first)) / connections(peak)
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
const mean = (values: number[]) => (values.length === 0 ? 0 : sum(values) / values.length)
