import { SignalError } from './errors.ts'

/** How often something is tried that the store answers with an error. */
const maxAttempts = 5

/** Whether the store did not answer: then it may be tried for as long as that takes. */
export function isAway(error: unknown): boolean {
  return error instanceof SignalError && error.code === 'unavailable'
}

/** Counts what failed although the store answered, which it will do again: so that one broken record is given up. */
export class Attempts {
  readonly #failures = new Map<string, number>()

  /** True when that was the last attempt. */
  failed(what: string, error: unknown): boolean {
    if (isAway(error)) return false
    const failures = (this.#failures.get(what) ?? 0) + 1
    this.#failures.set(what, failures)
    if (failures < maxAttempts) return false
    this.#failures.delete(what)
    return true
  }

  /** It was done, or is not tried any more. */
  over(what: string): void {
    this.#failures.delete(what)
  }
}

/** Does everything, so that nothing is left undone because something else failed; then throws the first error, if any. */
export async function doAll(deeds: (() => Promise<unknown>)[]): Promise<void> {
  const results = await Promise.allSettled(deeds.map((deed) => deed()))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
}
