export type Failed = (error: unknown) => void

/**
 * Starts work that the caller does not wait for. A throw or rejection goes to `failed`: without a handler Node.js would end
 * the process.
 */
export function inBackground(work: () => unknown, failed: Failed): void {
  run(work, failed).catch(() => {}) // `failed` threw: nothing is left to report that to
}

/**
 * Wraps an event handler or a timer callback, because emitters and timers ignore a promise that rejects. A throw or rejection
 * goes to `failed`, with the arguments of the call.
 */
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

/** The synchronous part of `work` is done when this returns. */
async function run(work: () => unknown, failed: Failed): Promise<void> {
  try {
    await work()
  } catch (error) {
    failed(error)
  }
}
