import { expect, test } from 'vitest'
import { checksIn } from '../../load/artillery.ts'
import { progressLine } from '../../load/progress.ts'
import { page } from '../../load/report/page.ts'
import { readScenarios } from '../../load/scenario.ts'
import { sizingOf } from '../../load/sizing.ts'
import { verdictOf } from '../../load/verdict.ts'
import { knownOutcome } from './outcome.ts'

const [scenario] = readScenarios()
if (!scenario) throw new Error('test/load/scenarios is empty')
const options = { scenario, targets: [], duration: 10, ramp: 1, users: 10, rate: 1, out: '' }
const pageOf = (outcome = knownOutcome()) =>
  page({ options, outcome, local: true, targets: ['http://a'], when: new Date(0) })

test('a row holds the events of its second, and the totals those of the run', () => {
  const { rows, totals } = knownOutcome()
  expect(rows).toHaveLength(10)
  expect(rows[4]).toMatchObject({ at: 5, perSecond: { sent: 100, delivered: 700, logins: 0 }, generator: 0.25 })
  expect(rows[4]?.times.delivery?.count).toBe(100)
  expect(totals).toMatchObject({ counts: { sent: 1000, delivered: 7000 }, peak: { users: 10 } })
  expect(totals.times.delivery?.count).toBe(1000)
  expect(Math.round(totals.times.delivery?.p99 ?? 0)).toBeCloseTo(99, -0.5)
  expect(totals.times.back).toBeUndefined()
})

test('the sizing is the cost of a message per node and Redis', () => {
  const sizing = sizingOf(knownOutcome())
  expect(sizing?.unit).toBe('message')
  expect(sizing?.nodeCpuMs).toBeCloseTo(2) // two nodes of 0.1 cores, 100 messages a second
  expect(sizing?.nodeCpuPerReceiptMs).toBeCloseTo(2 / 7)
  expect(sizing?.redisCpuMs).toBeCloseTo(0.5)
  expect(sizing?.scripts).toBeCloseTo(1.5)
  expect(sizing?.commands).toBeCloseTo(9)
  expect(sizing?.connectionBytes).toBeCloseTo((2 * 2e5) / 10) // from the first reading with all users
})

test('a run against another cluster has no sizing', () => {
  expect(sizingOf({ ...knownOutcome(), usage: [] })).toBeUndefined()
})

test('the line of progress shows users, messages, faults and the latency', () => {
  const { rows, totals } = knownOutcome({ refused: 2 })
  expect(rows[2] && progressLine(rows[2], totals.counts)).toMatch(
    /^ {4}3 s {2}10 users · sent 1000 · delivered 7000 · lost 0 · refused 2 · p99 \d+ ms$/,
  )
})

test.each([
  [{}, 'right', '0 lost, 0 duplicated, 0 out of order'],
  [{ lost: 3, seenLeaving: 1 }, 'wrong', '3 lost, 1 wrongly seen leaving'],
  [{ logins: 0 }, 'empty', 'No user logged in'],
])('the verdict of a run with %j is %s: %s', (wrong, kind, summary) => {
  expect(knownOutcome(wrong).verdict).toEqual({ kind, summary })
})

test('a run with pending receipts at its end has failed, and its incidents name them', () => {
  const { verdict, totals } = knownOutcome({}, 3)
  expect(verdict).toEqual({ kind: 'wrong', summary: '3 receipts pending at the end' })
  expect(totals.incidents).toContain("cy has not received ben's message 7")
  expect(verdictOf({ totals, checks: [], stopped: true, broken: false }).kind).toBe('right') // the user stopped it
})

test('the verdict of a run with an exceeded threshold is slow, and of a run whose artillery failed is wrong', () => {
  const { totals } = knownOutcome()
  const checks = checksIn('Checks:\n\u001b[32mok\u001b[39m: a == 0\n\u001b[31mfail\u001b[39m: signalbox.ack.p99 < 5\n')
  expect(checks).toEqual([
    { threshold: 'a == 0', ok: true },
    { threshold: 'signalbox.ack.p99 < 5', ok: false },
  ])
  expect(verdictOf({ totals, checks, stopped: false, broken: false }).kind).toBe('slow')
  expect(verdictOf({ totals, checks: [], stopped: false, broken: true }).kind).toBe('wrong')
})

test('the page has the result, needs no external resource, and escapes HTML', () => {
  const html = pageOf()
  expect(html).toContain('class="verdict right"')
  expect(html).toContain('1,000 messages, 7,000 receipts, up to 10 users at a time, 10 s')
  expect(html).not.toMatch(/(?:src|href)=|@import|url\(/)
  expect(html).not.toContain('<b>ann</b>')
  expect(html).toContain('&lt;b&gt;ann&lt;/b&gt; did not receive ben')
  expect(pageOf(knownOutcome({ lost: 3 }))).toContain('class="verdict wrong"')
})

test('each chart has a value or a gap of each series for each moment', () => {
  const charts = [...pageOf().matchAll(/data-chart="([^"]+)"/g)].map(
    ([, data = '']) =>
      JSON.parse(data.replaceAll('&quot;', '"')) as { at: number[]; series: { values: (number | null)[] }[] },
  )
  const series = charts.flatMap(({ at, series }) => series.map(({ values }) => ({ at, values })))
  expect(series.length).toBeGreaterThan(5)
  for (const { at, values } of series) {
    expect(values).toHaveLength(at.length)
    expect(values.some((value) => value !== null)).toBe(true)
  }
  expect(charts[0]?.at).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  expect(charts[1]?.series[0]?.values).toEqual(Array.from({ length: 10 }, () => 10))
})
