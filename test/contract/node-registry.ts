import { expect } from 'vitest'
import { until } from '../support/until.ts'
import type { Bench, JoinedParticipant } from './bench.ts'
import type { Contract } from './contract.ts'

/** Leases and expired windows: `NodeRegistry`, `ReconnectWindows`. A lease or window of 0 seconds expires at once, so no case waits. */
export function describeNodeRegistry(contract: Contract): void {
  describeWindows(contract)
  contract.group('leases', () => describeLeases(contract))
  contract.group('dead nodes', () => describeDeadNodes(contract))
}

function describeWindows({ openOwn, test }: Contract): void {
  /** Removes the participants whose window has expired, as the reaper does. */
  async function reap(bench: Bench): Promise<number> {
    const expired = await bench.other.reconnectWindows.expired(100)
    const left = await Promise.all(
      expired.map((one) => bench.other.sessionStore.leave(one.room, one.id, { windowEnd: one.windowEnd })),
    )
    for (const one of expired) await bench.other.reconnectWindows.remove(one.room, one.id, one.windowEnd)
    return left.filter(Boolean).length
  }

  test('expired names no participant before its window has expired', async () => {
    const bench = await openOwn({ window: 60 })
    const participant = await bench.join()
    await bench.store.sessionStore.detach(participant.ref, 1)
    expect(await bench.other.reconnectWindows.expired(10)).toEqual([])
  })

  test('expired names a participant until the record of its window is removed', async () => {
    const bench = await openOwn({ window: 0 })
    const [participant] = [await bench.join(), await bench.join()]
    await bench.store.sessionStore.detach(participant.ref, 2)
    const expired = { room: bench.room, id: participant.id, windowEnd: expect.any(Number) }
    expect(await bench.other.reconnectWindows.expired(10)).toEqual([expired])
    expect(await bench.other.reconnectWindows.expired(10)).toEqual([expired])
    expect(await reap(bench)).toBe(1)
    expect(await bench.other.reconnectWindows.expired(10)).toEqual([])
    expect((await bench.store.roster.roster(bench.room)).members).toHaveLength(1)
  })

  test('expired returns the windows in the order of their ends, up to the limit', async () => {
    const bench = await openOwn({ window: 0 })
    const participants: JoinedParticipant[] = []
    for (let n = 0; n < 5; n += 1) participants.push(await (n % 2 ? bench : bench.anotherRoom()).join())
    for (const { ref } of participants.reverse()) {
      await bench.store.sessionStore.detach(ref, 1)
      const now = bench.store.clock.now()
      await until(async () => bench.store.clock.now() > now + 1)
    }
    const windowEnds = (await bench.store.reconnectWindows.expired(100)).map(({ windowEnd }) => windowEnd)
    expect(new Set(windowEnds).size).toBe(5)
    expect(windowEnds).toEqual(windowEnds.toSorted((a, b) => a - b))
    expect((await bench.store.reconnectWindows.expired(3)).map(({ windowEnd }) => windowEnd)).toEqual(
      windowEnds.slice(0, 3),
    )
  })

  test('a participant that has resumed is not removed', async () => {
    const bench = await openOwn({ window: 0 })
    const participant = await bench.join()
    await bench.store.sessionStore.detach(participant.ref, 1)
    await bench.resume(participant)
    expect(await reap(bench)).toBe(0)
    expect(await bench.other.reconnectWindows.expired(10)).toEqual([])
  })

  test('remove keeps a window of the same participant that ends later', async () => {
    const bench = await openOwn({ window: 0.05 })
    const participant = await bench.join()
    const isDue = async () => (await bench.store.reconnectWindows.expired(10)).length > 0
    await bench.store.sessionStore.detach(participant.ref, 1)
    await until(isDue)
    const [before] = await bench.store.reconnectWindows.expired(10)
    await bench.store.sessionStore.detach(await bench.resumeElsewhere(participant), 1)
    await bench.store.reconnectWindows.remove(bench.room, participant.id, before?.windowEnd ?? 0)
    await until(isDue)
    expect(await reap(bench)).toBe(1)
  })
}

function describeLeases({ openOwn, test, sharedTest }: Contract): void {
  const info = (id: string) => ({ id, url: 'http://127.0.0.1:8080', version: '1.0.0', connections: 3 })

  test('a lease that is extended in time does not expire', async () => {
    const { store, other } = await openOwn()
    await store.nodes.heartbeat(info('A'))
    expect(await other.nodes.heartbeat(info('A'))).toBe(true)
    expect(await other.nodes.expired()).toEqual([])
  })

  sharedTest('heartbeat resolves to false for a lease that had expired or did not exist', async () => {
    const { store } = await openOwn({ lease: 0 })
    expect(await store.nodes.heartbeat(info('A'))).toBe(false)
    expect(await store.nodes.heartbeat(info('A'))).toBe(false)
  })

  sharedTest('expired names nodes whose lease has expired until they are removed', async () => {
    const { store, other } = await openOwn({ lease: 0 })
    for (const node of ['A', 'B']) await store.nodes.heartbeat(info(node))
    expect((await other.nodes.expired()).toSorted()).toEqual(['A', 'B'])
    await other.nodes.remove('A')
    await store.nodes.remove('A')
    expect(await store.nodes.expired()).toEqual(['B'])
  })

  sharedTest('a removed node has no lease', async () => {
    const { store, other } = await openOwn()
    await store.nodes.heartbeat(info('A'))
    await other.nodes.remove('A')
    expect(await store.nodes.heartbeat(info('A'))).toBe(false)
  })
}

function describeDeadNodes({ openOwn, test, sharedTest }: Contract): void {
  async function joinOn(bench: Bench, node: string, reconnects = true): Promise<JoinedParticipant> {
    await bench.store.nodes.trackRooms(node, [bench.room])
    return bench.join({ node, reconnects })
  }

  sharedTest('detachAllOf detaches the participants of the dead node, and no others', async () => {
    const bench = await openOwn()
    const [lost, safe] = [await joinOn(bench, 'A'), await joinOn(bench, 'AB')]
    expect(await bench.other.reconnectWindows.detachAllOf('A', 10)).toEqual({ done: true, left: [] })
    expect(await bench.store.sessionUpkeep.states([lost.ref, safe.ref])).toEqual(['waiting', 'connected'])
    expect(await bench.log()).toHaveLength(2)
  })

  sharedTest('detachAllOf names a participant that does not reconnect until it is removed', async () => {
    const bench = await openOwn()
    const [{ ref }, lost] = [await joinOn(bench, 'A', false), await joinOn(bench, 'A')]
    const named = { done: false, left: [ref] }
    // the first reaper may have died before it removed the participant
    expect(await bench.store.reconnectWindows.detachAllOf('A', 10)).toEqual(named)
    expect(await bench.other.reconnectWindows.detachAllOf('A', 10)).toEqual(named)
    expect(await bench.other.sessionStore.leave(ref.room, ref.id, { owner: ref.owner })).toBe(true)
    expect(await bench.other.reconnectWindows.detachAllOf('A', 10)).toEqual({ done: true, left: [] })
    expect(await bench.store.sessionUpkeep.states([lost.ref])).toEqual(['waiting'])
  })

  sharedTest('after detachAllOf every entry so far is in doubt', async () => {
    const bench = await openOwn()
    const participant = await joinOn(bench, 'A')
    for (let n = 0; n < 4; n += 1) await bench.append(participant)
    await bench.store.sessionUpkeep.recordConfirmed([{ ref: participant.ref, confirmed: 3 }])
    await bench.other.reconnectWindows.detachAllOf('A', 10)
    await bench.store.log.appendFromServer(bench.room, { event: 'text', data: 'later' })
    expect(await bench.resume(participant)).toMatchObject({ deliverAfter: 3, inDoubtUpTo: 5, previousNode: 'A' })
  })

  sharedTest('detachAllOf works through many rooms, up to the limit in each call', async () => {
    const bench = await openOwn()
    const participants: JoinedParticipant[] = []
    for (let n = 0; n < 5; n += 1) participants.push(await joinOn(bench.anotherRoom(), 'A'))
    const rounds: boolean[] = []
    while (!rounds.at(-1)) rounds.push((await bench.other.reconnectWindows.detachAllOf('A', 2)).done)
    expect(rounds).toEqual([false, false, true])
    expect(new Set(await bench.store.sessionUpkeep.states(participants.map(({ ref }) => ref)))).toEqual(
      new Set(['waiting']),
    )
    expect(await bench.other.reconnectWindows.detachAllOf('A', 2)).toEqual({ done: true, left: [] })
  })

  test('detachAllOf leaves a participant that has moved to another node', async () => {
    const bench = await openOwn()
    const participant = await joinOn(bench, 'A')
    const moved = await bench.resumeElsewhere(participant)
    await bench.other.reconnectWindows.detachAllOf('A', 10)
    expect(await bench.store.sessionUpkeep.states([moved])).toEqual(['connected'])
  })

  sharedTest('a second reaper does not change the window of a waiting participant', async () => {
    const bench = await openOwn({ window: 0 })
    const participant = await joinOn(bench, 'A')
    await Promise.all([
      bench.store.reconnectWindows.detachAllOf('A', 10),
      bench.other.reconnectWindows.detachAllOf('A', 10),
    ])
    const expired = await bench.store.reconnectWindows.expired(10)
    expect(expired).toMatchObject([{ room: bench.room, id: participant.id }])
    expect(
      await bench.store.sessionStore.leave(bench.room, participant.id, { windowEnd: expired[0]?.windowEnd ?? 0 }),
    ).toBe(true)
  })

  test('the death of its node does not extend the window of a waiting participant', async () => {
    const bench = await openOwn({ window: 0.05 })
    const lost = await joinOn(bench, 'A')
    await bench.store.sessionStore.detach(lost.ref, 1)
    await until(async () => (await bench.store.reconnectWindows.expired(10)).length > 0)
    const before = await bench.store.reconnectWindows.expired(10)
    await bench.other.reconnectWindows.detachAllOf('A', 10)
    expect(await bench.store.reconnectWindows.expired(10)).toEqual(before)
  })

  test('detachAllOf skips a room that is no longer tracked', async () => {
    const bench = await openOwn()
    const participant = await joinOn(bench, 'A')
    await bench.store.nodes.untrackRoom('A', bench.room)
    await bench.store.nodes.untrackRoom('A', bench.room)
    expect(await bench.other.reconnectWindows.detachAllOf('A', 10)).toEqual({ done: true, left: [] })
    expect(await bench.store.sessionUpkeep.states([participant.ref])).toEqual(['connected'])
  })
}
