import { expect } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import type { Stream } from '../../src/core/model.ts'
import type { Write } from '../../src/core/ports/session-store.ts'
import { type Bench, type JoinedParticipant, refuses, text } from './bench.ts'
import type { Contract } from './contract.ts'
import { camera, viewing } from './samples.ts'

/** The states of sessions: `detach`, `findOpened`, `states`, `reclaim`; and that a previous owner cannot write. */
export function describeSessionUpkeep({ open, test }: Contract): void {
  test('detach makes a session wait, however often it is called', async () => {
    const bench = await open()
    const { ref } = await bench.join()
    expect(await bench.store.sessionStore.detach(ref, 1)).toBe('waiting')
    expect(await bench.store.sessionStore.detach(ref, 1)).toBe('waiting')
    expect(await bench.other.sessionUpkeep.states([ref])).toEqual(['waiting'])
    expect(await bench.log()).toHaveLength(1)
  })

  test('findOpened finds a session by the login or relogin that has it', async () => {
    const bench = await open()
    const { request, ref, id } = await bench.join()
    const { room, ticketId, token } = request
    const find = (claim: object) => bench.other.sessionStore.findOpened({ room, ticketId, id, ...claim })
    expect(await find({})).toEqual({ ref, confirmed: 1 })
    expect(await bench.store.sessionStore.findOpened({ room, ticketId, token: token.id })).toEqual({
      ref,
      confirmed: 1,
    })
    for (const claim of [{ id: newId() }, { ticketId: newId() }, { room: bench.anotherRoom().room }]) {
      expect(await find(claim)).toBeUndefined()
    }
    expect(await bench.store.sessionStore.findOpened({ room, ticketId, token: newId() })).toBeUndefined()
    const { owner } = await bench.other.sessionStore.resume({ room, id, node: 'B', ticketId, nextTicketId: 'next' })
    expect(await find({})).toBeUndefined()
    expect(await find({ ticketId: 'next' })).toEqual({ ref: { ...ref, owner }, confirmed: 1 })
    await bench.other.sessionStore.resume({ room, id, node: 'A', ticketId, nextTicketId: 'another' })
    expect(await find({ ticketId: 'next' })).toBeUndefined()
  })

  test('detach keeps the first confirmed seq', async () => {
    const bench = await open()
    const participant = await bench.join()
    for (let n = 0; n < 4; n += 1) await bench.append(participant)
    await bench.store.sessionStore.detach(participant.ref, 3)
    await bench.store.sessionStore.detach(participant.ref, 5)
    expect(await bench.resume(participant)).toMatchObject({ deliverAfter: 3 })
  })

  test('detach resolves to left for a participant that does not reconnect, until it is removed', async () => {
    const bench = await open()
    const { ref, id } = await bench.join({ reconnects: false })
    expect(await bench.store.sessionStore.detach(ref, 1)).toBe('left')
    expect(await bench.store.sessionStore.detach(ref, 1)).toBe('left')
    expect(await bench.store.sessionStore.leave(bench.room, id, { owner: ref.owner })).toBe(true)
    expect(await bench.store.sessionStore.detach(ref, 1)).toBe('moved')
  })

  test('detach keeps the highest sent position', async () => {
    const bench = await open()
    const participant = await bench.join()
    for (let n = 0; n < 4; n += 1) await bench.append(participant)
    await bench.store.sessionStore.detach(participant.ref, 2, 4)
    const resumed = await bench.resume(participant)
    expect(resumed).toMatchObject({ deliverAfter: 2, inDoubtUpTo: 4 })
    await bench.store.sessionStore.detach({ ...participant.ref, owner: resumed.owner }, 2, 3)
    expect(await bench.resume(participant)).toMatchObject({ deliverAfter: 2, inDoubtUpTo: 4 })
  })

  test('detach by a previous owner changes nothing', async () => {
    const bench = await open()
    const participant = await bench.join()
    const moved = await bench.resumeElsewhere(participant)
    expect(await bench.store.sessionStore.detach(participant.ref, 1)).toBe('moved')
    expect(await bench.store.sessionUpkeep.states([moved])).toEqual(['connected'])
  })

  test('states returns the state of each session, in order', async () => {
    const bench = await open()
    const [one, two, three] = [await bench.join(), await bench.join(), await bench.join()]
    await bench.store.sessionStore.detach(two.ref, 1)
    await bench.resume(three)
    const missing = { room: bench.anotherRoom().room, id: newId(), owner: 'A:1' }
    const refs = [one.ref, two.ref, three.ref, missing]
    expect(await bench.store.sessionUpkeep.states(refs)).toEqual(['connected', 'waiting', 'moved', 'moved'])
    expect(await bench.store.sessionUpkeep.states([])).toEqual([])
  })

  test('recordConfirmed handles many sessions of several rooms, and returns their states in order', async () => {
    const bench = await open()
    const rooms = [bench, bench.anotherRoom()]
    const participants = await Promise.all(
      Array.from({ length: 230 }, (_, nth) => (rooms[nth % 7 === 0 ? 1 : 0] as Bench).join()),
    )
    const lost = new Set([0, 99, 100, 101, 229])
    const heads = await Promise.all(rooms.map((room) => room.headSeq()))
    await Promise.all(
      [...lost].map((nth) => bench.store.sessionStore.detach((participants[nth] as JoinedParticipant).ref, 1)),
    )
    const states = await bench.store.sessionUpkeep.recordConfirmed(
      participants.map(({ ref }, nth) => ({ ref, confirmed: heads[nth % 7 === 0 ? 1 : 0] ?? 0 })),
    )
    expect(states).toEqual(participants.map((_, nth) => (lost.has(nth) ? 'waiting' : 'connected')))
    for (const nth of [1, 7, 228]) {
      const participant = participants[nth] as JoinedParticipant
      expect(await bench.resume(participant, { room: participant.ref.room })).toMatchObject({
        deliverAfter: heads[nth % 7 === 0 ? 1 : 0],
      })
    }
  })

  test('recordConfirmed records the confirmed seq of a connected session, and never lowers it', async () => {
    const bench = await open()
    const participant = await bench.join()
    for (let n = 0; n < 4; n += 1) await bench.append(participant)
    await bench.store.sessionUpkeep.recordConfirmed([{ ref: participant.ref, confirmed: 4 }])
    await bench.store.sessionUpkeep.recordConfirmed([{ ref: participant.ref, confirmed: 2 }])
    await bench.store.sessionUpkeep.states([participant.ref])
    expect(await bench.resume(participant)).toMatchObject({ deliverAfter: 4 })
  })

  test('every kind of write records the confirmed seq, and never lowers it', async () => {
    const bench = await open()
    const { log, media, roster } = bench.store
    const streams = Array.from({ length: 4 }, () => camera('someone'))
    const view = viewing(camera('someone'), 'someone')
    const prepare = async (write: () => Write) => {
      for (const stream of streams.slice(1)) await media.addStream(write(), stream, [])
      await media.addSubscription(write(), view, [])
    }
    const writes: { [kind: string]: (write: Write) => Promise<unknown> } = {
      append: (write) => log.append(write, text()),
      recordReply: (write) => log.recordReply({ ...write, rid: 1 }),
      setProfile: (write) => roster.setProfile(write, {}),
      add: (write) => media.addStream(write, streams[0] as Stream, [text()]),
      change: (write) => media.changeStream(write, streams[1] as Stream, streams[1] as Stream, [text()]),
      unpublish: (write) => media.removeStream(write, streams[2]?.id ?? '', [text()]),
      remove: (write) => media.removeSubscription(write, view.id, []),
    }
    for (const [kind, perform] of Object.entries(writes)) {
      const participant = await bench.join()
      if (kind === 'add') await prepare(() => participant.write())
      const top = await bench.headSeq()
      await perform(participant.write({ confirmed: top }))
      await bench.store.log.append(participant.write({ confirmed: top - 1 }), text())
      await bench.append(participant)
      expect([kind, (await bench.resume(participant)).deliverAfter]).toEqual([kind, top])
    }
  })

  test('a write that is refused as moved records no confirmed seq', async () => {
    const bench = await open()
    const participant = await bench.join()
    const top = await bench.append(participant)
    const { deliverAfter } = await bench.resume(participant, { nextTicketId: 'next' })
    await refuses(bench.store.log.append(participant.write({ confirmed: top }), text()), 'moved')
    expect(deliverAfter).toBeLessThan(top)
    expect(await bench.resume(participant, { ticketId: 'next' })).toMatchObject({ deliverAfter })
  })

  test('recordConfirmed records nothing for a session that waits or has moved', async () => {
    const bench = await open()
    const participant = await bench.join()
    for (let n = 0; n < 4; n += 1) await bench.append(participant)
    await bench.store.sessionStore.detach(participant.ref, 2)
    await bench.store.sessionUpkeep.recordConfirmed([{ ref: participant.ref, confirmed: 5 }])
    const resumed = await bench.resume(participant)
    expect(resumed).toMatchObject({ deliverAfter: 2 })
    await bench.store.sessionUpkeep.recordConfirmed([{ ref: participant.ref, confirmed: 5 }])
    expect(await bench.resume(participant)).toMatchObject({ deliverAfter: 2 })
  })

  test('reclaim connects a waiting session of the same owner', async () => {
    const bench = await open()
    const { ref, id } = await bench.join()
    await bench.store.sessionStore.detach(ref, 1)
    expect(await bench.store.sessionUpkeep.reclaim(ref)).toBe(true)
    expect(await bench.store.sessionUpkeep.reclaim(ref)).toBe(true)
    expect(await bench.store.sessionUpkeep.states([ref])).toEqual(['connected'])
    expect(await bench.store.sessionStore.leave(bench.room, id, { windowEnd: Number.MAX_SAFE_INTEGER })).toBe(false)
  })

  test('reclaim resolves to false for a session that has moved or ended', async () => {
    const bench = await open()
    const participant = await bench.join()
    const moved = await bench.resumeElsewhere(participant)
    expect(await bench.store.sessionUpkeep.reclaim(participant.ref)).toBe(false)
    await bench.store.sessionStore.leave(bench.room, participant.id, 'any')
    expect(await bench.store.sessionUpkeep.reclaim(moved)).toBe(false)
    expect((await bench.store.roster.roster(bench.room)).members).toEqual([])
  })

  test('every write of a previous owner is refused as moved', async () => {
    const bench = await open()
    const participant = await bench.join()
    const stream = camera(participant.id)
    const subscription = viewing(stream, participant.id)
    await bench.store.media.addStream(participant.write(), stream, [])
    await bench.store.media.addSubscription(participant.write(), subscription, [])
    await bench.resumeElsewhere(participant)
    const before = await bench.log()

    const { log, media } = bench.store
    const attempts = [
      log.append(participant.write(), text()),
      media.addStream(participant.write(), camera(participant.id), [text()]),
      media.changeStream(participant.write(), stream, { ...stream, data: true }, [text()]),
      media.removeStream(participant.write(), stream.id, [text()]),
      media.addSubscription(participant.write(), viewing(stream, participant.id), [text()]),
      media.changeSubscription(participant.write(), subscription, { ...subscription, paused: ['audio'] }, [text()]),
      media.removeSubscription(participant.write(), subscription.id, [text()]),
    ]
    await Promise.all(attempts.map((attempt) => refuses(attempt, 'moved')))

    expect(await bench.log()).toEqual(before)
    expect((await bench.store.roster.roster(bench.room)).streams).toEqual([stream])
    expect(await media.subscription(bench.room, subscription.id)).toEqual(subscription)
  })

  test('a write for a session that does not exist is refused as moved', async () => {
    const bench = await open()
    const participant = await bench.join()
    for (const ref of [
      { ...participant.ref, id: newId() },
      { ...participant.ref, room: bench.anotherRoom().room },
    ]) {
      await refuses(bench.store.log.append(participant.write({ ref }), text()), 'moved')
      await refuses(bench.store.media.removeStream(participant.write({ ref }), 'x', []), 'moved')
    }
  })
}
