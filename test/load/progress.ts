import { type Counts, faultCounters } from './counters.ts'
import type { Percentiles, Row } from './recorder.ts'

export const ms = (value: number | undefined) => {
  if (value === undefined) return '–'
  if (value < 10) return `${value.toFixed(1)} ms`
  return value < 10_000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`
}

/** The most telling percentile: of delivery; if no message was delivered, of resuming or logging in. */
function tailLatency({ times }: Row): string {
  const [name, percentiles]: [string, Percentiles | undefined] = times.delivery
    ? ['p99', times.delivery]
    : times.back
      ? ['resume p99', times.back]
      : ['login p99', times.enter]
  return `${name} ${ms(percentiles?.p99)}`
}

/** The line that the command prints every few seconds. */
export function progressLine(row: Row, counts: Counts): string {
  const { at, state } = row
  const disconnected = state.disconnected > 0 ? ` (${state.disconnected} disconnected)` : ''
  const wrong = faultCounters.filter((fault) => fault !== 'lost' && counts[fault] > 0)
  return [
    `${at.toFixed(0).padStart(5)} s  ${state.users} users${disconnected}`,
    `sent ${counts.sent}`,
    `delivered ${counts.delivered}`,
    `lost ${counts.lost}${state.missing > 0 ? ` (${state.missing} missing)` : ''}`,
    ...wrong.map((fault) => `${fault} ${counts[fault]}`),
    tailLatency(row),
  ].join(' · ')
}
