/**
 * Cleanup functions that helpers register, run after every test or every file. They are kept here and not in hooks of the
 * helpers' modules: test files that share a process (vitest.config.ts) share its modules too, and a module that was loaded
 * for another file has no hooks in this one. `setup.ts` runs them in each file.
 */
type Cleanup = () => unknown
type Span = 'test' | 'file'

const cleanups: { [span in Span]: Cleanup[] } = { test: [], file: [] }

export function afterEvery(span: Span, cleanup: Cleanup): void {
  cleanups[span].push(cleanup)
}

/** @throws AggregateError, after all have been called */
export async function runCleanups(span: Span): Promise<void> {
  const results = await Promise.allSettled(cleanups[span].map(async (cleanup) => cleanup()))
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  if (errors.length > 0) throw new AggregateError(errors, `Cleanup after the ${span} failed`)
}
