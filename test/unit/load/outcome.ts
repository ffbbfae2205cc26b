import { type Counts, zeroCounts } from '../../load/counters.ts'
import { Histogram } from '../../load/histogram.ts'
import { Recorder } from '../../load/recorder.ts'
import type { Outcome } from '../../load/run.ts'
import { verdictOf } from '../../load/verdict.ts'

/** Ten seconds of a run with known figures: ten users, and 100 messages with 700 receipts each second. */
export function knownOutcome(wrong: Partial<Counts> = {}, pending = 0): Outcome {
  const recorder = new Recorder()
  for (let second = 1; second <= 10; second += 1) {
    const delivery = new Histogram()
    for (let ms = 1; ms <= 100; ms += 1) delivery.record(ms)
    const none = { buckets: [], max: 0 }
    const counts = { ...zeroCounts(), logins: 10, sent: 100 * second, acked: 100 * second, delivered: 700 * second }
    const sample = {
      counts: { ...counts, ...wrong },
      state: { users: 10, disconnected: 0, pending, missing: 0 },
      times: { delivery: delivery.take(), ack: none, enter: none, back: none, setup: none },
      cpu: second * 0.25,
      incidents: ['<b>ann</b> did not receive ben'],
      undelivered: pending > 0 ? ["cy has not received ben's message 7"] : [],
    }
    recorder.take(sample, 0)
    recorder.tick(second)
  }
  const node = (name: string, at: number) => ({ name, cores: 0.1, rss: 1e8 + at * 1e5, connections: 5 })
  const usage = [0, 2, 4, 6, 8, 10].map((at) => ({
    at,
    nodes: ['a', 'b'].map((name) => ({ ...node(name, at), connections: at === 0 ? 0 : 5 })),
    redis: { name: 'redis', cores: 0.05, rss: 1e7, commands: 900, scripts: 150 },
  }))
  const checks = [{ threshold: 'signalbox.delivery.p99 < 500', ok: true }]
  const totals = recorder.totals()
  const verdict = verdictOf({ totals, checks, stopped: false, broken: false })
  const marks = [{ at: 9.5, label: 'users leave', hard: false }]
  return { rows: recorder.rows, usage, totals, marks, checks, verdict, stopped: false, seconds: 10 }
}
