import { expect, test } from 'vitest'
import type { Candidate } from '../../../bench/harness/candidates.ts'
import type { Question } from '../../../bench/harness/question.ts'
import { type BenchReport, caseReportOf, formatNumber } from '../../../bench/harness/report.ts'
import { tableIn, tablesOf } from '../../../bench/harness/table.ts'

const figures: Question['figures'] = {
  cpu: { unit: 'µs', meaning: 'CPU time', better: 'lower' },
  retries: { unit: '', meaning: 'attempts' },
}
const candidate = (name: string, durable: boolean): Candidate => ({
  name,
  durable,
  namesSeq: true,
  start: () => Promise.reject(new Error('not started here')),
})
const measured = caseReportOf(
  { figures },
  { nodes: 2 },
  new Map([
    [candidate('ours', true), [10, 40, 30].map((cpu) => ({ cpu, retries: 0 }))],
    [candidate('peer', false), [20, 40, 10].map((cpu) => ({ cpu, retries: 0 }))],
  ]),
)
const report: BenchReport = {
  date: '2026-11-29T12:00:00.000Z',
  command: 'npm run bench -- directed',
  machine: '2 cores',
  loadAverage: 0,
  versions: { node: '20.0.0', redis: '7.0.0' },
  rounds: 3,
  seconds: 10,
  quick: false,
  questions: [{ name: 'directed', about: 'messages', figures, cases: [measured] }],
  failures: [],
}

test('a case has the raw figures of each round, median and range, and the ratios to each peer', () => {
  const [ours, peer] = measured.candidates
  expect(ours?.rounds.map(({ cpu }) => cpu)).toEqual([10, 40, 30])
  expect(ours?.summary.cpu).toEqual({ median: 30, min: 10, max: 40 })
  expect(ours?.ratios).toEqual({ peer: { cpu: { median: 1, min: 0.5, max: 3 } } })
  expect(peer?.ratios).toEqual({})
})

test('the table has the date, the machine, the command, and a row for each candidate', () => {
  expect(
    tablesOf(report),
  ).toBe(`Measured on 2026-11-29 on 2 cores; node 20.0.0, redis 7.0.0. \`npm run bench -- directed\`: 3 rounds of 10 s. Each cell has the median, and the lowest and highest value of a round.

### directed

| case | candidate | cpu, µs | retries | × peer |
| --- | --- | --- | --- | --- |
| nodes 2 | ours | 30.0 (10.0 to 40.0) | 0 | cpu 1.00 (0.500 to 3.00) |
| nodes 2 | peer | 20.0 (10.0 to 40.0) | 0 | – |`)
})

test('the tables replace what stands between the markers of a document, and a document without markers is refused', () => {
  expect(tableIn('a\n<!-- bench -->\nold\n<!-- /bench -->\nb', 'new')).toBe(
    'a\n<!-- bench -->\n\nnew\n\n<!-- /bench -->\nb',
  )
  expect(() => tableIn('a\nb', 'new')).toThrow('The document has no <!-- bench -->')
})

test.each([
  [0.12345, '0.123'],
  [1.2345, '1.23'],
  [12.345, '12.3'],
  [123.45, '123'],
  [12345.6, '12346'],
  [-12.345, '-12.3'],
  [0, '0'],
  [Number.NaN, '–'],
])('%d is written as %s', (value, text) => {
  expect(formatNumber(value)).toBe(text)
})
