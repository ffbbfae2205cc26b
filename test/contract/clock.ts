import { expect, onTestFinished, vi } from 'vitest'
import type { Contract } from './contract.ts'

/** The clock that the nodes of a cluster share: `ClusterClock`. */
export function describeClock({ openOwn, test }: Contract): void {
  test('a node reads the store’s clock, even if its own wall clock changes after the start', async () => {
    const bench = await openOwn()
    const started = Date.now()
    const begun = performance.now()
    vi.useFakeTimers({ toFake: ['Date'], now: started + 300_000 })
    onTestFinished(() => void vi.useRealTimers())
    const node = { id: 'A', url: 'http://127.0.0.1:8080', version: '1.0.0', connections: 0 }
    await bench.store.nodes.heartbeat(node)
    await bench.other.nodes.heartbeat({ ...node, id: 'B' })
    for (const { clock } of [bench.store, bench.other]) {
      for (const room of [undefined, bench.room, bench.anotherRoom().room]) {
        const expected = started + performance.now() - begun
        expect(Math.abs(clock.now(room) - expected)).toBeLessThan(1000)
      }
      expect(clock.steppedAt).toBe(Number.NEGATIVE_INFINITY)
    }
  })
}
