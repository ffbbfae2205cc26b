import { type Counts, faults } from './counters.ts'
import type { Percentiles, Row } from './recorder.ts'

export const ms = (value: number | undefined) => {
  if (value === undefined) return '–'
  if (value < 10) return `${value.toFixed(1)} ms`
  return value < 10_000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`
}

/** What is timed when nothing was delivered is how long it takes to get in, or back. */
function tail({ times }: Row): string {
  const [what, found]: [string, Percentiles | undefined] = times.delivery
    ? ['p99', times.delivery]
    : times.back
      ? ['back p99', times.back]
      : ['login p99', times.enter]
  return `${what} ${ms(found?.p99)}`
}

/** One line for the terminal, every few seconds. */
export function progressLine(row: Row, counts: Counts): string {
  const { at, standing } = row
  const away = standing.away > 0 ? ` (${standing.away} away)` : ''
  const wrong = faults.filter((fault) => fault !== 'lost' && counts[fault] > 0)
  return [
    `${at.toFixed(0).padStart(5)} s  ${standing.users} users${away}`,
    `sent ${counts.sent}`,
    `delivered ${counts.delivered}`,
    `lost ${counts.lost}${standing.missing > 0 ? ` (${standing.missing} missing)` : ''}`,
    ...wrong.map((fault) => `${fault} ${counts[fault]}`),
    tail(row),
  ].join(' · ')
}
