import { expect } from 'vitest'
import type { Draft, Member } from '../../src/core/model.ts'
import { type Bench, refuses } from './bench.ts'
import type { Contract } from './contract.ts'
import { camera, subscriptionRemoved, viewing } from './samples.ts'

const afterEveryWindow = Number.MAX_SAFE_INTEGER

/** `SessionStore.leave`: who may remove a participant, and the notifications of the others. */
export function describeLeave({ open, openOwn, test }: Contract): void {
  const leaveEntry = (member: Member): Draft => ({ event: 'participant', data: { action: 'leave', member } })
  /** The entries after a position without their numbers. Checks that the numbers have no gap. */
  const entriesAfter = async (bench: Bench, after: number) =>
    (await bench.log(after)).map(({ seq, ...draft }, index) => {
      expect(seq).toBe(after + index + 1)
      return draft
    })

  test('the owner can remove its participant once, and the others are notified', async () => {
    const bench = await open()
    const { id, ref, member, joined } = await bench.join()
    expect(await bench.store.sessionStore.leave(bench.room, id, { owner: ref.owner })).toBe(true)
    expect(await bench.store.sessionStore.leave(bench.room, id, { owner: ref.owner })).toBe(false)
    expect(await entriesAfter(bench, joined.seq)).toEqual([leaveEntry(member)])
    expect((await bench.store.roster.roster(bench.room)).members).toEqual([])
  })

  test('leave by a previous owner is refused as moved, and changes nothing', async () => {
    const bench = await open()
    const participant = await bench.join()
    await bench.resumeElsewhere(participant)
    await refuses(bench.store.sessionStore.leave(bench.room, participant.id, { owner: participant.ref.owner }), 'moved')
    expect(await bench.log()).toHaveLength(1)
  })

  test('leave resolves to false in a room that does not exist', async () => {
    const { store, room } = await open()
    expect(await store.sessionStore.leave(room, 'absent', 'any')).toBe(false)
  })

  test('management can remove any participant, which is notified first', async () => {
    const bench = await open()
    const participant = await bench.join()
    await bench.resumeElsewhere(participant)
    const notifications: Draft = { event: 'drop', data: null, to: participant.id }
    expect(await bench.store.sessionStore.leave(bench.room, participant.id, 'any', notifications)).toBe(true)
    expect(await bench.store.sessionStore.leave(bench.room, participant.id, 'any', notifications)).toBe(false)
    expect(await entriesAfter(bench, 1)).toEqual([notifications, leaveEntry(participant.member)])
  })

  test('leave keeps a participant whose window has not expired', async () => {
    const bench = await open()
    const participant = await bench.join()
    await bench.store.sessionStore.detach(participant.ref, 1)
    expect(await bench.other.sessionStore.leave(bench.room, participant.id, { windowEnd: Date.now() })).toBe(false)
    expect(await bench.other.sessionStore.leave(bench.room, participant.id, { windowEnd: afterEveryWindow })).toBe(true)
  })

  test('leave with the end of a window keeps a connected participant', async () => {
    const bench = await open()
    const participant = await bench.join()
    expect(await bench.store.sessionStore.leave(bench.room, participant.id, { windowEnd: afterEveryWindow })).toBe(
      false,
    )
    await bench.store.sessionStore.detach(participant.ref, 1)
    await bench.resume(participant)
    expect(await bench.store.sessionStore.leave(bench.room, participant.id, { windowEnd: afterEveryWindow })).toBe(
      false,
    )
    expect(await bench.log()).toHaveLength(1)
  })

  test('of several reapers exactly one removes the participant', async () => {
    const bench = await open()
    const participant = await bench.join()
    await bench.store.sessionStore.detach(participant.ref, 1)
    const reapers = [bench.store, bench.other, bench.store, bench.other]
    const outcomes = await Promise.all(
      reapers.map(({ sessionStore }) =>
        sessionStore.leave(bench.room, participant.id, { windowEnd: afterEveryWindow }),
      ),
    )
    expect(outcomes.filter(Boolean)).toHaveLength(1)
    expect(await entriesAfter(bench, 1)).toEqual([leaveEntry(participant.member)])
  })

  test('of a reaper and a client that resumes at the same time, exactly one succeeds', async () => {
    const bench = await open()
    const participant = await bench.join()
    await bench.store.sessionStore.detach(participant.ref, 1)
    const [removed, resumed] = await Promise.allSettled([
      bench.store.sessionStore.leave(bench.room, participant.id, { windowEnd: afterEveryWindow }),
      bench.resume(participant),
    ])
    const leaver = removed.status === 'fulfilled' && removed.value
    expect(resumed.status).toBe(leaver ? 'rejected' : 'fulfilled')
    expect((await bench.store.roster.roster(bench.room)).members).toHaveLength(leaver ? 0 : 1)
  })

  test('leave removes the participant’s streams and subscriptions, and notifies the other sides', async () => {
    const bench = await open()
    const [leaver, other] = [await bench.join(), await bench.join()]
    const [leaverStream, otherStream] = [camera(leaver.id), camera(other.id)]
    const watched = viewing(leaverStream, other.id)
    const watching = viewing(otherStream, leaver.id)
    const own = viewing(leaverStream, leaver.id)
    const kept = viewing(otherStream, other.id)
    const { media, sessionStore } = bench.store
    for (const [owner, stream] of [[leaver, leaverStream] as const, [other, otherStream] as const]) {
      await media.addStream(owner.write(), stream, [])
    }
    for (const [owner, subscription] of [
      [other, watched],
      [leaver, watching],
      [leaver, own],
      [other, kept],
    ] as const) {
      await media.addSubscription(owner.write(), subscription, [])
    }

    await sessionStore.leave(bench.room, leaver.id, { owner: leaver.ref.owner })

    const [first, second, ...rest] = await entriesAfter(bench, 2)
    expect([first, second]).toEqual([
      leaveEntry(leaver.member),
      { event: 'stream', data: { id: leaverStream.id, status: 'remove' } },
    ])
    // the end of its subscription to its own stream notifies no participant
    expect(rest).toHaveLength(2)
    expect(rest).toContainEqual(subscriptionRemoved(watched, other.id))
    expect(rest).toContainEqual(subscriptionRemoved(watching, other.id))
    expect((await bench.store.roster.roster(bench.room)).streams).toEqual([otherStream])
    for (const { id } of [watched, watching, own]) expect(await media.subscription(bench.room, id)).toBeUndefined()
    expect(await media.subscription(bench.room, kept.id)).toEqual(kept)
  })

  test('in a room without notifications, leave notifies only the participants whose subscription ended', async () => {
    const bench = await open()
    const notifying = { participantActivities: false, streamChange: false }
    await bench.store.rooms.configure(bench.room, { notifying })
    const [leaver, other] = [await bench.join(), await bench.join()]
    const stream = camera(leaver.id)
    const watched = viewing(stream, other.id)
    await bench.store.media.addStream(leaver.write(), stream, [])
    await bench.store.media.addSubscription(other.write(), watched, [])
    await bench.store.sessionStore.leave(bench.room, leaver.id, 'any')
    expect(await entriesAfter(bench, 0)).toEqual([subscriptionRemoved(watched, other.id)])
  })

  test('a participant can leave whatever the attributes of its stream are', async () => {
    const bench = await open()
    const [deep, other] = [await bench.join(), await bench.join()]
    const deepest = JSON.parse(`${'{"a":'.repeat(1500)}1${'}'.repeat(1500)}`)
    for (const attributes of [deepest, { half: '🎧'.slice(1) }]) {
      const attempt = bench.store.media.addStream(deep.write(), camera(deep.id, { attributes }), [])
      await attempt.catch(({ code }) => expect(code).toBe('bad_request'))
    }
    expect(await bench.store.sessionStore.leave(bench.room, other.id, 'any')).toBe(true)
    expect(await bench.store.sessionStore.leave(bench.room, deep.id, 'any')).toBe(true)
  })

  test('an empty room continues its numbers and generations for the next participant', async () => {
    const bench = await open()
    const first = await bench.join()
    await bench.store.sessionStore.leave(bench.room, first.id, 'any')
    const next = await bench.join()
    expect(next.joined.seq).toBe(3)
    expect(next.ref.owner).not.toBe(first.ref.owner)
  })

  test('leave removes the recorded replies of the participant', async () => {
    const bench = await openOwn()
    const participant = await bench.join()
    await bench.store.log.append(participant.write({ rid: 1, reply: 'done' }), { event: 'text', data: '' })
    await bench.store.sessionStore.leave(bench.room, participant.id, 'any')
    expect(await bench.store.log.replyTo(participant.ref, 1)).toBeUndefined()
  })
}
