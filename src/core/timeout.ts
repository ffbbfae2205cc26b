/** Resolves to what the work comes to. When that takes longer, what `expired` returns or throws decides; the work goes on. */
export async function withTimeout<T, E>(ms: number, work: Promise<T>, expired: () => E): Promise<T | E> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  try {
    return await Promise.race([work, over.then(expired)])
  } finally {
    clearTimeout(timer)
  }
}

/** Resolves to what the work comes to, or to undefined when that takes longer. The work goes on. */
export function atMost<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  return withTimeout(ms, work, () => undefined)
}
