import type { Clock } from './clock.ts'

const tickMs = 10_000
/** If a tick is later than this, ms, the process stood still, or the machine slept. */
const maxTimerLagMs = 5000

/**
 * Calls back when a timer is much too late. It compares two clocks, because the monotonic clock stops while some machines sleep, and a
 * user may set the wall clock back. If a user sets the wall clock ahead, it calls back once without need.
 * @param wall ms since the epoch @returns a function that stops it
 */
export function watchSuspension(clock: Clock, wall: () => number, onSuspension: () => void): () => void {
  let cancel = () => {}
  const tick = () => {
    const [at, wallAt] = [clock.now(), wall()]
    cancel = clock.after(tickMs, () => {
      const passed = Math.max(clock.now() - at, wall() - wallAt)
      tick()
      if (passed > tickMs + maxTimerLagMs) onSuspension()
    })
  }
  tick()
  return () => cancel()
}
