import { withTimeout } from '../core/timeout.ts'

/** A part of the node that ends, and how long the others wait for it. */
export type ShutdownStep = { what: string; end: () => unknown; ms: number }

/**
 * Ends parts one after the other. A part that fails, or does not end in its time, does not keep the others: the sum of
 * the times is a bound for all.
 */
export async function endEach(endings: ShutdownStep[], failed: (what: string, error: unknown) => void): Promise<void> {
  for (const { what, end, ms } of endings) {
    try {
      await withTimeout(ms, Promise.resolve().then(end), () => {
        throw new Error(`Not ended within ${ms / 1000} s`)
      })
    } catch (error) {
      failed(what, error)
    }
  }
}
