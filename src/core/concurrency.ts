/** Runs all tasks concurrently and waits for all of them. Then throws the first error, if any. */
export async function doAll(tasks: (() => Promise<unknown>)[]): Promise<void> {
  const results = await Promise.allSettled(tasks.map((task) => task()))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
}
