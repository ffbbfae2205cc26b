/** A part of the node that ends, and how long the others wait for it. */
export type Ending = { what: string; end: () => unknown; ms: number }

/**
 * Ends parts one after the other. A part that fails, or does not end in its time, does not keep the others: the sum of
 * the times is a bound for all.
 */
export async function endEach(endings: Ending[], failed: (what: string, error: unknown) => void): Promise<void> {
  for (const { what, end, ms } of endings) {
    try {
      await within(ms, Promise.resolve().then(end))
    } catch (error) {
      failed(what, error)
    }
  }
}

async function within(ms: number, ended: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Not ended within ${ms / 1000} s`)), ms)
  })
  await Promise.race([ended, late]).finally(() => clearTimeout(timer))
}
