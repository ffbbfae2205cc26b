import { SignalError } from './errors.ts'
import { withTimeout } from './timeout.ts'

/**
 * The time by which a request must be served: ms of this process' monotonic clock, `performance.now()`. It travels with the request
 * into every write of the store, so that the store refuses a write that it receives later.
 */
export type Deadline = number

/** How long a request may take from its arrival to its ack, ms, with every wait and every call to the store. */
export const requestTimeoutMs = 4500

/** The deadline of a request that arrives now. */
export const newDeadline = (): Deadline => performance.now() + requestTimeoutMs

/** Options of a call to the store. Internal work has no deadline, and so no time limit. */
export type Timing = { deadline?: Deadline | undefined }

export function isPast(deadline: Deadline | undefined): boolean {
  return deadline !== undefined && performance.now() >= deadline
}

/** @throws unavailable after the deadline */
export function refuseLate(deadline: Deadline | undefined): void {
  if (isPast(deadline)) throw new SignalError('unavailable', 'the deadline of the request is over')
}

/**
 * Runs `work` unless the deadline is past, and waits for it until the deadline. `work` continues after that, so it must check the
 * deadline before it changes anything.
 * @throws unavailable at the deadline; what `work` throws
 */
export async function beforeDeadline<T>(deadline: Deadline, work: () => Promise<T>): Promise<T> {
  refuseLate(deadline)
  return withTimeout(deadline - performance.now(), work(), () => {
    throw new SignalError('unavailable', 'the deadline of the request is over')
  })
}
