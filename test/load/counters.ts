import type { Buckets } from './histogram.ts'

/** Counted over the whole run. A receipt is one message received by one of its receivers. */
export const counters = [
  'logins',
  'leaves',
  /** Requests that send a message: all, acked, refused. */
  'sent',
  'acked',
  'refused',
  'delivered',
  /** Receipts that had not arrived when the receiver's wait timed out. */
  'lost',
  'duplicated',
  'outOfOrder',
  /** Receipts that took longer than the limit although both users stayed connected. */
  'late',
  /** Receipts whose sender or receiver was disconnected in between. They do not count for the latency. */
  'caughtUp',
  /** Lost connections, resumed sessions, and sessions that moved to another address. */
  'cuts',
  'returns',
  'moves',
  /** Failed logins, sessions that the server ended, resumes with missed messages already trimmed, users wrongly seen leaving. */
  'failedLogins',
  'endedSessions',
  'resyncs',
  'seenLeaving',
] as const
export type Counter = (typeof counters)[number]
export type Counts = { [counter in Counter]: number }

/** The counters that are 0 in a correct run. */
export const faultCounters = [
  'lost',
  'duplicated',
  'outOfOrder',
  'refused',
  'failedLogins',
  'endedSessions',
  'resyncs',
  'seenLeaving',
] as const satisfies readonly Counter[]

/**
 * Timings in ms. `delivery`: from sending to each receipt. `ack`: from sending to `ok`. `enter`: connecting and login.
 * `back`: from a lost connection until the session is resumed. `setup`: from an offer to the answer and all candidates.
 */
export const timings = ['delivery', 'ack', 'enter', 'back', 'setup'] as const
export type Timing = (typeof timings)[number]

/** The state of the users and their messages at one moment. */
export type LoadState = {
  /** Users who are logged in, and how many of them have no connection now. */
  users: number
  disconnected: number
  /** Receipts that have not arrived yet. */
  pending: number
  /** Pending receipts that are long overdue. They become `lost` unless they still arrive. */
  missing: number
}

/** What one worker reports each second: its counts so far, and the timings of that second. */
export type Sample = {
  counts: Counts
  state: LoadState
  times: { [timing in Timing]: { buckets: Buckets; max: number } }
  /** CPU time so far of the process that generates the load, s. */
  cpu: number
  /** The first faults, as sentences. */
  incidents: string[]
  /** The first pending receipts, as sentences. They are lost if this is the worker's last sample. */
  undelivered: string[]
}

export function zeroCounts(): Counts {
  return Object.fromEntries(counters.map((counter) => [counter, 0])) as Counts
}
