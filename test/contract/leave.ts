import { expect } from 'vitest'
import type { Draft, Member } from '../../src/core/model.ts'
import { type Bench, refuses } from './bench.ts'
import type { Contract } from './contract.ts'
import { camera, subscriptionRemoved, viewing } from './samples.ts'

const late = Number.MAX_SAFE_INTEGER

/** `places.leave`: who may take whom out, and what the others are told. */
export function describeLeave({ open, fresh, test }: Contract): void {
  const left = (member: Member): Draft => ({ event: 'participant', data: { action: 'leave', member } })
  /** What was said after a position, without the numbers, which are checked to have no hole. */
  const saidSince = async (bench: Bench, after: number) =>
    (await bench.log(after)).map(({ seq, ...draft }, index) => {
      expect(seq).toBe(after + index + 1)
      return draft
    })

  test('the owner leaves, once, and the others are told', async () => {
    const bench = await open()
    const { id, ref, member, joined } = await bench.join()
    expect(await bench.state.sessionStore.leave(bench.room, id, { owner: ref.owner })).toBe(true)
    expect(await bench.state.sessionStore.leave(bench.room, id, { owner: ref.owner })).toBe(false)
    expect(await saidSince(bench, joined.seq)).toEqual([left(member)])
    expect((await bench.state.roster.roster(bench.room)).members).toEqual([])
  })

  test('an owner whose place another has taken is refused as moved, and takes nobody out', async () => {
    const bench = await open()
    const participant = await bench.join()
    await bench.resumeElsewhere(participant)
    await refuses(bench.state.sessionStore.leave(bench.room, participant.id, { owner: participant.ref.owner }), 'moved')
    expect(await bench.log()).toHaveLength(1)
  })

  test('nobody is taken out of a room that is not there', async () => {
    const { state, room } = await open()
    expect(await state.sessionStore.leave(room, 'nobody', 'any')).toBe(false)
  })

  test('management takes anyone out, and that one is told first', async () => {
    const bench = await open()
    const participant = await bench.join()
    await bench.resumeElsewhere(participant)
    const notifications: Draft = { event: 'drop', data: null, to: participant.id }
    expect(await bench.state.sessionStore.leave(bench.room, participant.id, 'any', notifications)).toBe(true)
    expect(await bench.state.sessionStore.leave(bench.room, participant.id, 'any', notifications)).toBe(false)
    expect(await saidSince(bench, 1)).toEqual([notifications, left(participant.member)])
  })

  test('a window that is not over keeps its participant', async () => {
    const bench = await open()
    const participant = await bench.join()
    await bench.state.sessionStore.detach(participant.ref, 1)
    expect(await bench.other.sessionStore.leave(bench.room, participant.id, { due: Date.now() })).toBe(false)
    expect(await bench.other.sessionStore.leave(bench.room, participant.id, { due: late })).toBe(true)
  })

  test('one who is connected is never due', async () => {
    const bench = await open()
    const participant = await bench.join()
    expect(await bench.state.sessionStore.leave(bench.room, participant.id, { due: late })).toBe(false)
    await bench.state.sessionStore.detach(participant.ref, 1)
    await bench.resume(participant)
    expect(await bench.state.sessionStore.leave(bench.room, participant.id, { due: late })).toBe(false)
    expect(await bench.log()).toHaveLength(1)
  })

  test('of two reapers one takes the participant out', async () => {
    const bench = await open()
    const participant = await bench.join()
    await bench.state.sessionStore.detach(participant.ref, 1)
    const reapers = [bench.state, bench.other, bench.state, bench.other]
    const outcomes = await Promise.all(
      reapers.map(({ sessionStore }) => sessionStore.leave(bench.room, participant.id, { due: late })),
    )
    expect(outcomes.filter(Boolean)).toHaveLength(1)
    expect(await saidSince(bench, 1)).toEqual([left(participant.member)])
  })

  test('a reaper and a returning client do not disagree', async () => {
    const bench = await open()
    const participant = await bench.join()
    await bench.state.sessionStore.detach(participant.ref, 1)
    const [taken, resumed] = await Promise.allSettled([
      bench.state.sessionStore.leave(bench.room, participant.id, { due: late }),
      bench.resume(participant),
    ])
    const gone = taken.status === 'fulfilled' && taken.value
    expect(resumed.status).toBe(gone ? 'rejected' : 'fulfilled')
    expect((await bench.state.roster.roster(bench.room)).members).toHaveLength(gone ? 0 : 1)
  })

  test('what it published and subscribed to goes with it, and the other sides are told', async () => {
    const bench = await open()
    const [gone, other] = [await bench.join(), await bench.join()]
    const [mine, theirs] = [camera(gone.id), camera(other.id)]
    const watched = viewing(mine, other.id)
    const watching = viewing(theirs, gone.id)
    const own = viewing(mine, gone.id)
    const kept = viewing(theirs, other.id)
    const { media, sessionStore } = bench.state
    for (const [owner, stream] of [[gone, mine] as const, [other, theirs] as const]) {
      await media.addStream(owner.write(), stream, [])
    }
    for (const [owner, subscription] of [
      [other, watched],
      [gone, watching],
      [gone, own],
      [other, kept],
    ] as const) {
      await media.addSubscription(owner.write(), subscription, [])
    }

    await sessionStore.leave(bench.room, gone.id, { owner: gone.ref.owner })

    const [first, second, ...rest] = await saidSince(bench, 2)
    expect([first, second]).toEqual([left(gone.member), { event: 'stream', data: { id: mine.id, status: 'remove' } }])
    // its own subscription to itself is nobody's news
    expect(rest).toHaveLength(2)
    expect(rest).toContainEqual(subscriptionRemoved(watched, other.id))
    expect(rest).toContainEqual(subscriptionRemoved(watching, other.id))
    expect((await bench.state.roster.roster(bench.room)).streams).toEqual([theirs])
    for (const { id } of [watched, watching, own]) expect(await media.subscription(bench.room, id)).toBeUndefined()
    expect(await media.subscription(bench.room, kept.id)).toEqual(kept)
  })

  test('a quiet room is not told, but those whose subscription ended are', async () => {
    const bench = await open()
    const notifying = { participantActivities: false, streamChange: false }
    await bench.state.rooms.configure(bench.room, { notifying })
    const [gone, other] = [await bench.join(), await bench.join()]
    const stream = camera(gone.id)
    const watched = viewing(stream, other.id)
    await bench.state.media.addStream(gone.write(), stream, [])
    await bench.state.media.addSubscription(other.write(), watched, [])
    await bench.state.sessionStore.leave(bench.room, gone.id, 'any')
    expect(await saidSince(bench, 0)).toEqual([subscriptionRemoved(watched, other.id)])
  })

  test('no stream is so odd that its owner cannot leave', async () => {
    const bench = await open()
    const [deep, other] = [await bench.join(), await bench.join()]
    const deepest = JSON.parse(`${'{"a":'.repeat(1500)}1${'}'.repeat(1500)}`)
    for (const attributes of [deepest, { half: '🎧'.slice(1) }]) {
      const attempt = bench.state.media.addStream(deep.write(), camera(deep.id, { attributes }), [])
      await attempt.catch(({ code }) => expect(code).toBe('bad_request'))
    }
    expect(await bench.state.sessionStore.leave(bench.room, other.id, 'any')).toBe(true)
    expect(await bench.state.sessionStore.leave(bench.room, deep.id, 'any')).toBe(true)
  })

  test('a room that everybody left goes on where it was when someone comes back soon', async () => {
    const bench = await open()
    const first = await bench.join()
    await bench.state.sessionStore.leave(bench.room, first.id, 'any')
    const wire = await bench.join()
    expect(wire.joined.seq).toBe(3)
    expect(wire.ref.owner).not.toBe(first.ref.owner)
  })

  test('the requests of one who left are forgotten', async () => {
    const bench = await fresh()
    const participant = await bench.join()
    await bench.state.log.append(participant.write({ rid: 1, reply: 'done' }), { event: 'text', data: '' })
    await bench.state.sessionStore.leave(bench.room, participant.id, 'any')
    expect(await bench.state.log.replyTo(participant.ref, 1)).toBeUndefined()
  })
}
