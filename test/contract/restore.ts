import { expect } from 'vitest'
import type { SessionBackup } from '../../src/core/ports/session-store.ts'
import type { Bench, JoinedParticipant } from './bench.ts'
import type { Contract } from './contract.ts'

/** What node A knows of a participant that joined there. */
export function backupOf(
  { ref, member, request, joined }: JoinedParticipant,
  changes: Partial<SessionBackup> = {},
): SessionBackup {
  const { ticketId, token, reconnects } = request
  const tickets = { previous: '', issued: [ticketId] }
  const flow = { joined: joined.seq, confirmed: joined.seq, rid: 0, feedPosition: joined.seq }
  return { ref, member, tickets, ticketConfirmed: false, token, reconnects, ...flow, ...changes }
}

/** The head of a room, read by a node that has delivered entries up to `feedPosition`. */
async function leap({ store, room }: Bench, feedPosition: number): Promise<number> {
  const seq = await store.log.leapIfBehind(room, feedPosition)
  return seq
}

/** A store that has lost its newest writes: `Log.leapIfBehind`, `SessionUpkeep.restore`, `SessionUpkeep.unrestored`. */
export function describeRestore({ open, test }: Contract): void {
  test('a room whose head is below the delivered seq leaps far above it, once', async () => {
    const bench = await open()
    const participant = await bench.join()
    await bench.append(participant)
    expect(await leap(bench, 2)).toBe(2)
    const seq = await leap(bench, 7)
    expect(seq).toBeGreaterThan(1_000_000)
    expect(await leap(bench, 7)).toBe(seq)
    expect(await bench.append(participant)).toBe(seq + 1)
    expect(await bench.log(2)).toMatchObject([
      { seq, event: 'leap', data: { after: 2 } },
      { seq: seq + 1, event: 'text' },
    ])
    expect(await leap(bench, seq + 9)).toBeGreaterThanOrEqual(seq + 1_000_009)
  })

  test('heads with a delivered seq does not create a room', async () => {
    const bench = await open()
    expect(await bench.store.log.leapIfBehind(bench.room, 9)).toBe(0)
    expect(await bench.headSeq()).toBe(0)
  })

  test('after a leap new generations are above the seq of the leap', async () => {
    const bench = await open()
    const participant = await bench.join()
    const seq = await leap(bench, 7)
    const { owner } = await bench.resume(participant)
    expect(Number(owner.split(':')[1])).toBeGreaterThan(seq)
  })

  test('a client that had seen the last remaining entry misses nothing through the leap', async () => {
    const bench = await open()
    const participant = await bench.join()
    await leap(bench, 7)
    await bench.append(participant)
    expect(await bench.resume(participant, { seq: 1 })).toMatchObject({ complete: true, deliverAfter: 1 })
  })

  test('a client that has seen lost entries resumes incomplete, after the leap', async () => {
    const bench = await open()
    const participant = await bench.join()
    const seq = await leap(bench, 7)
    await bench.append(participant)
    const resumed = await bench.resume(participant, { seq: 5 })
    expect(resumed).toMatchObject({ complete: false, deliverAfter: seq, roster: { members: [participant.member] } })
  })

  test('a message with the text of a leap entry is not a leap', async () => {
    const bench = await open()
    const participant = await bench.join()
    await bench.append(participant, { data: '"event":"leap","data":{"after":1}}' })
    const seq = await leap(bench, 7)
    expect(await bench.resume(participant, { seq: 5 })).toMatchObject({ complete: false, deliverAfter: seq })
  })

  test('restore leaves a connected session as it is, and connects a waiting one', async () => {
    const bench = await open()
    const participant = await bench.join()
    expect(await bench.store.sessionUpkeep.restore(backupOf(participant))).toBe(true)
    await bench.store.sessionStore.detach(participant.ref, 1)
    expect(await bench.store.sessionUpkeep.restore(backupOf(participant))).toBe(true)
    expect(await bench.store.sessionUpkeep.states([participant.ref])).toEqual(['connected'])
    expect(await bench.log()).toHaveLength(1)
    expect(await bench.resume(participant)).toMatchObject({ complete: true })
  })

  test('restore refuses a participant that has moved or left', async () => {
    const bench = await open()
    const [moved, gone] = [await bench.join(), await bench.join()]
    const ref = await bench.resumeElsewhere(moved)
    await bench.store.sessionStore.leave(bench.room, gone.id, 'any')
    const top = await bench.headSeq()
    for (const participant of [moved, gone])
      expect(await bench.store.sessionUpkeep.restore(backupOf(participant))).toBe(false)
    expect(await bench.store.sessionUpkeep.states([ref])).toEqual(['connected'])
    expect((await bench.store.roster.roster(bench.room)).members.map(({ id }) => id)).toEqual([moved.id])
    expect(await bench.headSeq()).toBe(top)
  })

  test('detach without a delivery state puts every entry so far in doubt', async () => {
    const bench = await open()
    const participant = await bench.join()
    await bench.append(participant)
    expect(await bench.store.sessionStore.detach(participant.ref)).toBe('waiting')
    expect(await bench.resume(participant)).toMatchObject({ deliverAfter: 1, inDoubtUpTo: 2 })
  })
}
