import { withTimeout } from '../core/timeout.ts'

/** A part of the node, how to end it, and how long the other parts wait for that. */
export type ShutdownStep = { what: string; end: () => unknown; ms: number }

/**
 * Ends parts one after another. If a part fails or exceeds its time, the next one ends all the same, so the whole takes at most the
 * sum of the times.
 */
export async function endEach(steps: ShutdownStep[], failed: (what: string, error: unknown) => void): Promise<void> {
  for (const { what, end, ms } of steps) {
    try {
      await withTimeout(ms, Promise.resolve().then(end), () => {
        throw new Error(`${what} did not end within ${ms / 1000} s`)
      })
    } catch (error) {
      failed(what, error)
    }
  }
}
