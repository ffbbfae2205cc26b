/** The time for this library. Tests replace it. */
export type Clock = {
  /** ms since any fixed moment. Never goes back. */
  now(): number
  /** Calls `call` once after `ms`. Returns a function that cancels it. */
  after(ms: number, call: () => void): () => void
}

/** The longest delay of setTimeout, ms. With a longer one it fires at once. */
export const maxTimerMs = 2 ** 31 - 1

export const systemClock: Clock = {
  // a user may set the wall clock while a page is open, but not `performance`, which some runtimes lack
  now: () => (globalThis as { performance?: { now(): number } }).performance?.now() ?? Date.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, Math.min(Math.max(0, ms), maxTimerMs))
    return () => clearTimeout(timer)
  },
}
