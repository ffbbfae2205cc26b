import { isUnavailable } from './errors.ts'

/** How often an operation is tried that the store answers with an error. */
const maxAttempts = 5

/** Counts operations that the store answers with errors, so that a broken record is not retried for ever. */
export class Attempts {
  readonly #failures = new Map<string, number>()

  /** Counts a failed attempt, unless the store did not answer. @returns true if it was the last one */
  isExhaustedBy(key: string, error: unknown): boolean {
    if (isUnavailable(error)) return false
    const failures = (this.#failures.get(key) ?? 0) + 1
    this.#failures.set(key, failures)
    if (failures < maxAttempts) return false
    this.#failures.delete(key)
    return true
  }

  /** The operation has succeeded, or is not tried any more. */
  clear(key: string): void {
    this.#failures.delete(key)
  }
}
