import { SignalError } from './errors.ts'

/** How often an operation is tried that the store answers with an error. */
const maxAttempts = 5

/** Whether the store did not answer. Such an operation is retried without limit. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof SignalError && error.code === 'unavailable'
}

/** Counts operations that the store answers with errors, so that a broken record is not retried for ever. */
export class Attempts {
  readonly #failures = new Map<string, number>()

  /** @returns true if that was the last attempt */
  failed(key: string, error: unknown): boolean {
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

/** Runs all tasks concurrently and waits for all of them. Then throws the first error, if any. */
export async function doAll(tasks: (() => Promise<unknown>)[]): Promise<void> {
  const results = await Promise.allSettled(tasks.map((task) => task()))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
}
