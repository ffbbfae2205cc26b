import { afterEvery } from './cleanup.ts'
import { FakedClock } from './faked-clock.ts'

/** How far the clock is from the right time, one after the other, s. */
const offsets = [0, -60, 60, -300, 300]
const stepMs = 1500

const timers = new Set<NodeJS.Timeout>()
afterEvery('file', () => {
  for (const timer of timers) clearInterval(timer)
  timers.clear()
})

const prefixes = new Set<string>()

/**
 * What the next node of a cluster is started with. With SIGNALBOX_STEPPING_CLOCK=1 the wall clock of the first node of each
 * cluster is set by minutes every 1.5 s, until the test file is over. A node that has a faked clock already keeps it.
 */
export function steppingClockOf(prefix: string, env: { [name: string]: unknown }): { [name: string]: string } {
  const isFirst = !prefixes.has(prefix)
  prefixes.add(prefix)
  if (process.env.SIGNALBOX_STEPPING_CLOCK !== '1' || !isFirst || 'LD_PRELOAD' in env) return {}
  const clock = new FakedClock()
  let step = 0
  const timer = setInterval(() => {
    step += 1
    clock.set(offsets[step % offsets.length] ?? 0)
  }, stepMs)
  timers.add(timer.unref())
  return clock.env
}
