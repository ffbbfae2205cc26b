import { expect } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import { defaultRoomOptions } from '../../src/core/model.ts'
import { at, type Bench, refuses, type JoinedParticipant } from './bench.ts'
import type { Contract } from './contract.ts'

/** Comes in a few round trips later, so as to meet every step of what goes on meanwhile. */
async function enterAfter(bench: Bench, trips: number): Promise<JoinedParticipant> {
  for (let trip = 0; trip < trips; trip += 1) await bench.state.ping()
  return bench.join()
}

/** What is set for a room: `Rooms`. */
export function describeRooms({ open, fresh, test }: Contract): void {
  test('a room that nobody set anything for has the defaults', async () => {
    const { state, room } = await open()
    expect(await state.rooms.options(room)).toEqual(defaultRoomOptions)
  })

  test('what is set stays set, and the rest as it is', async () => {
    const bench = await open()
    const roles = [{ role: 'guest', publish: { audio: false, video: false }, subscribe: { audio: true, video: true } }]
    const notifying = { participantActivities: false, streamChange: true }
    await bench.state.rooms.configure(bench.room, { participantLimit: 5, roles })
    await bench.other.rooms.configure(bench.room, { participantLimit: 7, notifying })
    expect(await bench.state.rooms.options(bench.room)).toEqual({
      ...defaultRoomOptions,
      participantLimit: 7,
      roles,
      notifying,
    })
  })

  test('options that were read are the reader’s own', async () => {
    const bench = await open()
    await bench.state.rooms.configure(bench.room, { views: ['common'] })
    const options = await bench.state.rooms.options(bench.room)
    options.views.push('mine')
    options.notifying.streamChange = false
    expect(await bench.state.rooms.options(bench.room)).toEqual(defaultRoomOptions)
    const untouched = bench.anotherRoom()
    const defaults = await bench.state.rooms.options(untouched.room)
    defaults.roles.length = 0
    expect((await bench.state.rooms.options(untouched.room)).roles).not.toEqual([])
  })

  test('a configured room stays when it is empty', async () => {
    const bench = await open()
    await bench.state.rooms.configure(bench.room, { participantLimit: 1 })
    const participant = await bench.join()
    await bench.state.sessionStore.leave(bench.room, participant.id, 'any')
    await bench.state.roomIndex.prune(0, 100)
    expect(await bench.other.rooms.options(bench.room)).toMatchObject({ participantLimit: 1 })
    expect((await bench.join()).joined.seq).toBe(3)
  })

  test('a room may be configured while someone is in it', async () => {
    const bench = await open()
    await bench.join()
    await bench.state.rooms.configure(bench.room, { participantLimit: 1 })
    await expect(bench.join()).rejects.toMatchObject({ code: 'room_full' })
    expect(await bench.headSeq()).toBe(1)
  })

  test('what was set is taken back, however often', async () => {
    const bench = await open()
    await bench.state.rooms.configure(bench.room, { participantLimit: 1 })
    await bench.other.rooms.remove(bench.room)
    await bench.other.rooms.remove(bench.room)
    expect(await bench.state.rooms.options(bench.room)).toEqual(defaultRoomOptions)
    await bench.join()
    await bench.join()
    await bench.state.rooms.remove(bench.anotherRoom().room)
  })

  test('a room that is removed goes on with the defaults until its members have left', async () => {
    const bench = await open()
    await bench.state.rooms.configure(bench.room, { participantLimit: 1, inputLimit: 0 })
    const first = await bench.join()
    await bench.state.rooms.remove(bench.room)
    const second = await bench.join()
    expect(second.joined.roster.members).toHaveLength(2)
    expect(await bench.append(first)).toBe(3)
    expect(await bench.log()).toHaveLength(3)
  })

  test('removing a room while someone enters it does not take back its numbers', async () => {
    for (let round = 0; round < 40; round += 1) {
      const bench = await open()
      const [, participant] = await Promise.all([bench.other.rooms.remove(bench.room), enterAfter(bench, round % 4)])
      expect(await bench.append(participant)).toBe(participant.joined.seq + 1)
    }
  })

  test('a token from before the room was closed enters no more, one from after does', async () => {
    const bench = await open()
    await bench.state.rooms.remove(bench.room, { at, seconds: 60 })
    const token = (made?: number) => ({ id: newId(), seconds: 60, ...(made === undefined ? {} : { made }) })
    await refuses(bench.join({ token: token(at) }), 'token_expired')
    expect(await bench.headSeq()).toBe(0)
    await refuses(bench.join({ token: token(0) }), 'token_expired')
    await bench.join({ token: token(at + 1) })
    await bench.join({ token: token() }) // when it was made is not known
    expect(await bench.other.rooms.find(bench.room)).toEqual({ id: bench.room, members: 2, closed: at })
  })

  test('one that was used already neither, by who was in the room', async () => {
    const bench = await open()
    const { id, request } = await bench.join({ token: { id: newId(), seconds: 60, made: at } })
    await bench.state.rooms.remove(bench.room, { at, seconds: 60 })
    await bench.state.sessionStore.leave(bench.room, id, 'any')
    await refuses(bench.state.sessionStore.join({ ...request, ticketId: newId() }), 'token_expired')
    await bench.anotherRoom().join({ token: { ...request.token, made: 0 } }) // however old, where nothing was closed
  })

  test('of new rooms that come at the same time as many are let in as there may be, and those again', async () => {
    const bench = await fresh()
    const rooms = Array.from({ length: 10 }, () => bench.anotherRoom().room)
    const admit = (room: string, index: number) =>
      (index % 2 ? bench.state : bench.other).roomIndex.registerWithin(room, 3)
    const outcomes = await Promise.allSettled(rooms.map(admit))
    const admitted = rooms.filter((_, index) => outcomes[index]?.status === 'fulfilled')
    expect(admitted).toHaveLength(3)
    await Promise.all(admitted.map(admit))
    await refuses(bench.state.roomIndex.registerWithin(bench.room, 3), 'too_many_rooms')
  })

  test('a room that everybody left, or that nobody could enter, does not count', async () => {
    const bench = await fresh()
    await bench.state.roomIndex.registerWithin(bench.room, 1)
    const { id } = await bench.join()
    const next = bench.anotherRoom()
    await refuses(next.state.roomIndex.registerWithin(next.room, 1), 'too_many_rooms')
    await bench.state.sessionStore.leave(bench.room, id, 'any')
    await bench.state.roomIndex.relist([bench.room])
    await next.state.roomIndex.registerWithin(next.room, 1)
    await next.state.roomIndex.relist([next.room])
    await bench.state.roomIndex.registerWithin(bench.room, 1)
  })

  test('a room that is open is let in when there are too many, whatever the list says', async () => {
    const bench = await fresh()
    await bench.join()
    await bench
      .anotherRoom()
      .state.roomIndex.registerWithin('portal/other', 1)
      .catch(() => {})
    await bench.state.roomIndex.registerWithin(bench.room, 1)
    const configured = bench.anotherRoom().room
    await bench.state.rooms.configure(configured, { participantLimit: 1 })
    await bench.state.roomIndex.registerWithin(configured, 1)
  })

  test('a room is on the list while it is configured or has participants, however its changes meet', async () => {
    const bench = await fresh()
    const listed = async () => (await bench.other.roomIndex.list(0, 100)).rooms.map(({ id }) => id)
    for (let round = 0; round < 30; round += 1) {
      const before = await bench.join()
      await bench.state.roomIndex.relist([bench.room])
      await bench.state.sessionStore.leave(bench.room, before.id, 'any')
      const comes = enterAfter(bench, round % 5).then(async (participant) => {
        await bench.other.roomIndex.relist([bench.room])
        return participant
      })
      const [participant] = await Promise.all([comes, bench.state.roomIndex.relist([bench.room])])
      expect(await listed()).toEqual([bench.room])
      await bench.state.sessionStore.leave(bench.room, participant.id, 'any')
    }
    await bench.state.roomIndex.relist([bench.room])
    await bench.state.rooms.configure(bench.room, { participantLimit: 1 })
    await bench.state.roomIndex.relist([bench.room])
    expect(await listed()).toEqual([bench.room])
    await bench.state.rooms.remove(bench.room)
    expect(await listed()).toEqual([])
  })

  test('taking rooms off the list harms none that is in use', async () => {
    const bench = await fresh()
    const participant = await bench.join()
    await bench.state.roomIndex.touch([bench.room])
    await bench.state.roomIndex.prune(0, 100)
    await bench.state.roomIndex.prune(0, 100)
    expect(await bench.append(participant)).toBe(2)
    expect(await bench.log()).toHaveLength(2)
  })
}
