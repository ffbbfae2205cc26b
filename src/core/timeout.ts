/** Resolves to the result of `work`. After `ms`, resolves to the result of `expired`, or rejects if that throws; the work continues. */
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

/** Resolves to the result of `work`, or after `ms` to undefined; the work continues. */
export function atMost<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  return withTimeout(ms, work, () => undefined)
}
