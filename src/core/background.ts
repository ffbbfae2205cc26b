export type Failed = (error: unknown) => void

/**
 * Starts work that the caller does not wait for. A throw or rejection goes to `failed`: without a handler Node.js would end
 * the process.
 */
export function inBackground(work: () => unknown, failed: Failed): void {
  watch(work, failed).catch(() => {}) // `failed` failed as well, and nothing is left to report to
}

/** The handler of an event or the callback of a timer, which may throw or reject. */
export function guarded<Args extends unknown[]>(
  handler: (...args: Args) => unknown,
  failed: (error: unknown, ...args: Args) => void,
): (...args: Args) => void {
  return (...args) =>
    inBackground(
      () => handler(...args),
      (error) => failed(error, ...args),
    )
}

/** Runs the synchronous part of `work` before it returns. */
async function watch(work: () => unknown, failed: Failed): Promise<void> {
  try {
    await work()
  } catch (error) {
    failed(error)
  }
}
