import type { Check } from './artillery.ts'
import { faultCounters } from './counters.ts'
import type { Totals } from './recorder.ts'

/** `right`: no fault, all thresholds held. `wrong`: a fault. `slow`: a threshold did not hold. `empty`: no user logged in. */
export type Verdict = { kind: 'right' | 'wrong' | 'slow' | 'empty'; summary: string }

const faultNames: { [fault in (typeof faultCounters)[number]]: string } = {
  lost: 'lost',
  duplicated: 'duplicated',
  outOfOrder: 'out of order',
  refused: 'refused',
  failedLogins: 'logins failed',
  endedSessions: 'sessions ended by the server',
  resyncs: 'resumed with missed messages lost',
  seenLeaving: 'wrongly seen leaving',
}

type Known = { totals: Totals; checks: Check[]; stopped: boolean; broken: boolean }

export function verdictOf({ totals, checks, stopped, broken }: Known): Verdict {
  const { counts, pending } = totals
  const wrong = faultCounters
    .filter((fault) => counts[fault] > 0)
    .map((fault) => `${counts[fault]} ${faultNames[fault]}`)
  // at an orderly end all users leave and nothing is pending
  if (pending > 0 && !stopped) wrong.push(`${pending} receipts pending at the end`)
  const suffix = stopped ? ' until it was stopped' : ''
  if (wrong.length > 0) return { kind: 'wrong', summary: wrong.join(', ') + suffix }
  if (broken) return { kind: 'wrong', summary: 'artillery failed' }
  if (counts.logins === 0) return { kind: 'empty', summary: 'No user logged in' }
  const failed = checks.filter(({ ok }) => !ok)
  if (failed.length > 0) {
    return {
      kind: 'slow',
      summary: `0 lost, 0 duplicated, but thresholds exceeded: ${failed.map(({ threshold }) => threshold).join(', ')}`,
    }
  }
  return { kind: 'right', summary: `0 lost, 0 duplicated, 0 out of order${suffix}` }
}
