/** Time as this library sees it; tests put their own in its place. */
export type Clock = {
  /** ms since any fixed moment */
  now(): number
  /** Calls once after so many ms. Returns a function that prevents it. */
  after(ms: number, call: () => void): () => void
}

/** What setTimeout can count to; beyond, it fires at once. */
const longest = 2 ** 31 - 1

export const systemClock: Clock = {
  // the clock of a device may be set while a page lives: this one is not, where there is one
  now: () => (globalThis as { performance?: { now(): number } }).performance?.now() ?? Date.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, Math.min(Math.max(0, ms), longest))
    return () => clearTimeout(timer)
  },
}
