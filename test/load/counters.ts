import type { Buckets } from './histogram.ts'

/** What is counted, over the whole run. A receipt is one message at one of those whom it is for. */
export const counted = [
  'logins',
  'leaves',
  /** Requests to send, those that were acked, and those that were refused. */
  'sent',
  'acked',
  'refused',
  'delivered',
  /** Receipts that did not come before the receiver gave up waiting. */
  'lost',
  'doubled',
  'outOfOrder',
  /** Receipts that took longer than the limit, although both sides were connected all the time. */
  'late',
  /** Receipts whose sender or receiver was away in between: they came after the return, and no latency is read of them. */
  'caughtUp',
  /** Connections lost, and those who came back: on the same address, on another. */
  'cuts',
  'returns',
  'moves',
  /** Logins that failed, sessions that the server ended, logs that no longer reached back, people wrongly seen leaving. */
  'failedLogins',
  'thrownOut',
  'resyncs',
  'seenLeaving',
] as const
export type Counter = (typeof counted)[number]
export type Counts = { [counter in Counter]: number }

/** What must be 0 for a run to be right. */
export const faults = [
  'lost',
  'doubled',
  'outOfOrder',
  'refused',
  'failedLogins',
  'thrownOut',
  'resyncs',
  'seenLeaving',
] as const satisfies readonly Counter[]

/**
 * What is timed, ms. `delivery`: from sending to each receipt. `ack`: from sending to `ok`. `enter`: login with its
 * connection. `back`: from a lost connection to being level again. `setup`: from an offer to the answer and all candidates.
 */
export const timed = ['delivery', 'ack', 'enter', 'back', 'setup'] as const
export type Timing = (typeof timed)[number]

/** How things stand at one moment. */
export type Standing = {
  /** Those who are logged in, and those of them who have no connection just now. */
  users: number
  away: number
  /** Receipts that are not there yet. */
  pending: number
  /** Those that should have come long ago; `lost` unless they still come. */
  missing: number
}

/** What one worker tells each second: its counts so far, and the times of that second. */
export type Sample = {
  counts: Counts
  standing: Standing
  times: { [timing in Timing]: { buckets: Buckets; max: number } }
  /** CPU time so far of the process that makes the load, s. */
  cpu: number
  /** The first things that went wrong, as sentences. */
  incidents: string[]
  /** The first of the receipts that are not there yet, as sentences: should this be the last that is told, they are lost. */
  unheard: string[]
}

export function zeroCounts(): Counts {
  return Object.fromEntries(counted.map((counter) => [counter, 0])) as Counts
}
