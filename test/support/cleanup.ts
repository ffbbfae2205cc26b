/**
 * What is done after every test, and after every file, by those who start things for tests. Kept here and not as hooks of
 * their own modules: files that share a process (vitest.config.ts) share its modules too, and a module that was loaded for
 * another file has no hooks in this one. `setup.ts` calls it in each.
 */
type End = () => unknown
type Span = 'test' | 'file'

const ends: { [span in Span]: End[] } = { test: [], file: [] }

export function afterEvery(span: Span, end: End): void {
  ends[span].push(end)
}

/** @throws AggregateError, after all have been called */
export async function endAll(span: Span): Promise<void> {
  const results = await Promise.allSettled(ends[span].map(async (end) => end()))
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  if (errors.length > 0) throw new AggregateError(errors, `After the ${span} not all could be ended`)
}
