import type { Clock } from './clock.ts'

const tickMs = 10_000
/** A tick that is later than this says that the process stood still, or the machine slept. */
const lateMs = 5000

/**
 * Calls when a timer is much too late. The clock for durations stands still while some machines sleep, and the wall clock may be set:
 * either tells. A wall clock that is set ahead calls once without need.
 * @param wall ms since the epoch @returns a function that ends it
 */
export function watchStandstill(clock: Clock, wall: () => number, call: () => void): () => void {
  let cancel = () => {}
  const tick = () => {
    const [at, wallAt] = [clock.now(), wall()]
    cancel = clock.after(tickMs, () => {
      const passed = Math.max(clock.now() - at, wall() - wallAt)
      tick()
      if (passed > tickMs + lateMs) call()
    })
  }
  tick()
  return () => cancel()
}
