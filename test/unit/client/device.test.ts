import { afterEach, expect, test, vi } from 'vitest'
import { decodeBase64 } from '../../../src/client/base64.ts'
import { systemClock } from '../../../src/client/clock.ts'
import { systemNetwork } from '../../../src/client/network.ts'
import { watchSuspension } from '../../../src/client/suspension.ts'
import { datesOf } from '../../../src/client/tickets.ts'
import { FakeClock } from './fake-clock.ts'

/** The clocks, the network and other functions of the device that the SDK uses, also if they are wrong or missing. */

afterEach(() => void vi.unstubAllGlobals())

test.each(['', 'a', 'ab', 'abc', 'abcd', '{"notAfter":1}', '\u0000\u00ff\u0080'])(
  'base64 of %j is read as atob does',
  (text) => {
    expect(decodeBase64(btoa(text))).toBe(text)
    expect(decodeBase64(btoa(text).replaceAll('=', ''))).toBe(text)
  },
)

test('the dates of a ticket can be read without atob, and next to characters outside of ASCII', () => {
  const json = JSON.stringify({ roomId: 'Zoë 部屋', notBefore: 1_000, notAfter: 61_000 })
  const ticket = Buffer.from(json).toString('base64')
  vi.stubGlobal('atob', undefined)
  expect(datesOf(ticket)).toEqual({ notBefore: 1_000, notAfter: 61_000 })
  for (const broken of ['', 'no ticket', btoa('{')]) expect(datesOf(broken).notAfter).toBeNaN()
})

test('durations follow the monotonic clock, or the wall clock in a runtime without performance', () => {
  const before = systemClock.now()
  vi.setSystemTime(Date.now() + 5 * 3600_000)
  expect(systemClock.now() - before).toBeLessThan(60_000)
  vi.useRealTimers()
  vi.stubGlobal('performance', undefined)
  expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(60_000)
})

/** An object of a page that has listeners. */
class Target {
  readonly listeners = new Map<string, Set<(event: object) => void>>()
  addEventListener = (type: string, listener: (event: object) => void) => {
    this.listeners.set(type, (this.listeners.get(type) ?? new Set()).add(listener))
  }
  removeEventListener = (type: string, listener: (event: object) => void) => this.listeners.get(type)?.delete(listener)
  fire(type: string, event: object = {}) {
    for (const listener of this.listeners.get(type) ?? []) listener(event)
  }
  get count() {
    return [...this.listeners.values()].reduce((sum, { size }) => sum + size, 0)
  }
}

test('a page wakes when it is shown, thawed, or restored from the back/forward cache, and not when it is hidden', () => {
  const [window, document] = [new Target(), Object.assign(new Target(), { visibilityState: 'visible' })]
  vi.stubGlobal('document', document)
  vi.stubGlobal('addEventListener', window.addEventListener)
  vi.stubGlobal('removeEventListener', window.removeEventListener)
  let wakes = 0
  const off = systemNetwork.onWake?.(() => {
    wakes += 1
  })
  document.visibilityState = 'hidden'
  document.fire('visibilitychange')
  expect([wakes, systemNetwork.throttled?.()]).toEqual([0, true])
  document.fire('resume')
  document.visibilityState = 'visible'
  document.fire('visibilitychange')
  window.fire('pageshow', { persisted: false })
  window.fire('pageshow', { persisted: true })
  expect([wakes, systemNetwork.throttled?.()]).toEqual([3, false])
  off?.()
  expect([window.count, document.count]).toEqual([0, 0])
})

test('the network needs neither window nor document', () => {
  vi.stubGlobal('addEventListener', undefined)
  const [offChange, offWake] = [systemNetwork.onChange(() => {}), systemNetwork.onWake?.(() => {})]
  expect(systemNetwork.throttled?.()).toBe(false)
  offChange()
  offWake?.()
})

test.each([
  ['the wall clock alone advanced by hours, because the clock for durations slept too', 7_200_000, 0, 1],
  ['the clock for durations advanced by a minute', 0, 60_000, 1],
  ['the wall clock was set back by hours', -7_200_000, 0, 0],
  ['the wall clock was corrected by seconds', 3_000, 0, 0],
])('watchSuspension: %s', async (_what, wallStep, lateMs, wakes) => {
  const clock = new FakeClock()
  let step = 0
  let late = 0
  const seen = { ...clock, now: () => clock.now() + late, after: clock.after.bind(clock) }
  const calls: number[] = []
  const end = watchSuspension(
    seen,
    () => 1e12 + clock.now() + late + step,
    () => calls.push(clock.now()),
  )
  await clock.pass(60_000)
  expect(calls).toEqual([])
  step = wallStep
  late = lateMs
  await clock.pass(60_000)
  expect(calls).toHaveLength(wakes)
  end()
  step += 1e9
  await clock.pass(60_000)
  expect(calls).toHaveLength(wakes)
})
