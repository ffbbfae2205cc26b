/** Time as this library sees it; tests put their own in its place. */
export type Clock = {
  /** ms since any fixed moment */
  now(): number
  /** Calls once after so many ms. Returns a function that prevents it. */
  after(ms: number, call: () => void): () => void
}

/** The longest delay of setTimeout, ms. With a longer one it fires at once. */
export const maxTimerMs = 2 ** 31 - 1

export const systemClock: Clock = {
  // a user may set the wall clock while a page is open, but not this one; some runtimes lack it
  now: () => (globalThis as { performance?: { now(): number } }).performance?.now() ?? Date.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, Math.min(Math.max(0, ms), maxTimerMs))
    return () => clearTimeout(timer)
  },
}
