import type { Check } from './artillery.ts'
import { faults } from './counters.ts'
import type { Totals } from './recorder.ts'

/** `right`: nothing was lost, and every threshold was kept. `empty`: nothing happened that could be judged. */
export type Verdict = { kind: 'right' | 'wrong' | 'slow' | 'empty'; says: string }

const words: { [fault in (typeof faults)[number]]: string } = {
  lost: 'lost',
  doubled: 'doubled',
  outOfOrder: 'out of order',
  refused: 'refused',
  failedLogins: 'logins failed',
  thrownOut: 'sessions ended by the server',
  resyncs: 'not given what they missed',
  seenLeaving: 'wrongly seen leaving',
}

type Known = { totals: Totals; checks: Check[]; stopped: boolean; broken: boolean }

export function verdictOf({ totals, checks, stopped, broken }: Known): Verdict {
  const { counts, pending } = totals
  const wrong = faults.filter((fault) => counts[fault] > 0).map((fault) => `${counts[fault]} ${words[fault]}`)
  // in order, everyone leaves, and what did not reach them by then is lost
  if (pending > 0 && !stopped) wrong.push(`${pending} not heard when it ended`)
  const far = stopped ? ' until it was stopped' : ''
  if (wrong.length > 0) return { kind: 'wrong', says: wrong.join(', ') + far }
  if (broken) return { kind: 'wrong', says: 'artillery did not end well' }
  if (counts.logins === 0) return { kind: 'empty', says: 'Nobody logged in' }
  const failed = checks.filter(({ ok }) => !ok)
  if (failed.length > 0) {
    return { kind: 'slow', says: `0 lost, 0 doubled, but not ${failed.map(({ says }) => says).join(', not ')}` }
  }
  return { kind: 'right', says: `0 lost, 0 doubled, 0 out of order${far}` }
}
