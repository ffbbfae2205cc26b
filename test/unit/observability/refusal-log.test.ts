import { pino } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createMetrics } from '../../../src/observability/metrics.ts'
import { RefusalLog } from '../../../src/observability/refusal-log.ts'

type Line = { level: number; reason: string; msg: string; withheld?: number }

let lines: Line[]
let refusals: RefusalLog
const metrics = createMetrics('n', '1')

beforeEach(() => {
  vi.useFakeTimers()
  lines = []
  metrics.refused.reset()
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  refusals = new RefusalLog(metrics, log)
})
afterEach(() => {
  vi.useRealTimers()
})

function note(reason: string, times: number): void {
  for (let time = 0; time < times; time += 1) refusals.note(reason, { address: '::1' }, 'refused')
}

async function counted(reason: string): Promise<number | undefined> {
  const { values } = await metrics.refused.get()
  return values.find(({ labels }) => labels.reason === reason)?.value
}

test('every refusal is counted, twenty of one reason a minute have a line, and a last line counts the others', async () => {
  note('flood', 5000)
  note('other', 1)
  expect(await counted('flood')).toBe(5000)
  expect(lines.filter(({ reason }) => reason === 'flood')).toHaveLength(20)
  expect(lines.filter(({ reason }) => reason === 'other')).toHaveLength(1)
  vi.advanceTimersByTime(60_000)
  expect(lines.slice(21)).toMatchObject([{ level: 30, reason: 'flood', withheld: 4980 }])
})

test('faults have twenty lines a minute too, at the level error', () => {
  for (let time = 0; time < 500; time += 1) refusals.note('unavailable', {}, 'failed', new Error('the store is away'))
  expect(lines).toHaveLength(20)
  expect(lines[0]).toMatchObject({ level: 50, reason: 'unavailable', err: { message: 'the store is away' } })
})

test('the next minute has twenty lines again, and a minute without more refusals has no last line', () => {
  note('flood', 21)
  vi.advanceTimersByTime(600_000)
  expect(lines).toHaveLength(21)
  note('flood', 1)
  expect(lines).toHaveLength(22)
})

test('the timer of the log does not keep the process alive', () => {
  vi.useRealTimers()
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  note('flood', 1)
  expect(timers()).toBe(before)
})
