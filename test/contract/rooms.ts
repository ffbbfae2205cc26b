import { expect } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import { defaultRoomOptions } from '../../src/core/model.ts'
import { at, type Bench, type JoinedParticipant, refuses } from './bench.ts'
import type { Contract } from './contract.ts'

/** Joins after some round trips, so that the rounds of a case meet every step of the other operation. */
async function enterAfter(bench: Bench, trips: number): Promise<JoinedParticipant> {
  for (let trip = 0; trip < trips; trip += 1) await bench.store.ping()
  return bench.join()
}

/** Options of rooms and the list of open rooms: `RoomStore`, `RoomIndex`. */
export function describeRooms({ open, openOwn, test }: Contract): void {
  test('a room without configuration has the default options', async () => {
    const { store, room } = await open()
    expect(await store.rooms.options(room)).toEqual(defaultRoomOptions)
  })

  test('configure changes the given options, and keeps the others', async () => {
    const bench = await open()
    const roles = [{ role: 'guest', publish: { audio: false, video: false }, subscribe: { audio: true, video: true } }]
    const notifying = { participantActivities: false, streamChange: true }
    await bench.store.rooms.configure(bench.room, { participantLimit: 5, roles })
    await bench.other.rooms.configure(bench.room, { participantLimit: 7, notifying })
    expect(await bench.store.rooms.options(bench.room)).toEqual({
      ...defaultRoomOptions,
      participantLimit: 7,
      roles,
      notifying,
    })
  })

  test('a change of returned options does not change the store', async () => {
    const bench = await open()
    await bench.store.rooms.configure(bench.room, { views: ['common'] })
    const options = await bench.store.rooms.options(bench.room)
    options.views.push('mine')
    options.notifying.streamChange = false
    expect(await bench.store.rooms.options(bench.room)).toEqual(defaultRoomOptions)
    const untouched = bench.anotherRoom()
    const defaults = await bench.store.rooms.options(untouched.room)
    defaults.roles.length = 0
    expect((await bench.store.rooms.options(untouched.room)).roles).not.toEqual([])
  })

  test('a configured room stays open when it is empty', async () => {
    const bench = await open()
    await bench.store.rooms.configure(bench.room, { participantLimit: 1 })
    const participant = await bench.join()
    await bench.store.sessionStore.leave(bench.room, participant.id, 'any')
    await bench.store.roomIndex.prune(0, 100)
    expect(await bench.other.rooms.options(bench.room)).toMatchObject({ participantLimit: 1 })
    expect((await bench.join()).joined.seq).toBe(3)
  })

  test('a room can be configured while it has members', async () => {
    const bench = await open()
    await bench.join()
    await bench.store.rooms.configure(bench.room, { participantLimit: 1 })
    await expect(bench.join()).rejects.toMatchObject({ code: 'room_full' })
    expect(await bench.headSeq()).toBe(1)
  })

  test('remove removes the options, however often it is called', async () => {
    const bench = await open()
    await bench.store.rooms.configure(bench.room, { participantLimit: 1 })
    await bench.other.rooms.removeOptions(bench.room)
    await bench.other.rooms.removeOptions(bench.room)
    expect(await bench.store.rooms.options(bench.room)).toEqual(defaultRoomOptions)
    await bench.join()
    await bench.join()
    await bench.store.rooms.removeOptions(bench.anotherRoom().room)
  })

  test('a removed room continues with the default options until its members have left', async () => {
    const bench = await open()
    await bench.store.rooms.configure(bench.room, { participantLimit: 1, inputLimit: 0 })
    const first = await bench.join()
    await bench.store.rooms.removeOptions(bench.room)
    const second = await bench.join()
    expect(second.joined.roster.members).toHaveLength(2)
    expect(await bench.append(first)).toBe(3)
    expect(await bench.log()).toHaveLength(3)
  })

  test('removing a room during a login does not reset its numbers', async () => {
    for (let round = 0; round < 40; round += 1) {
      const bench = await open()
      const [, participant] = await Promise.all([
        bench.other.rooms.removeOptions(bench.room),
        enterAfter(bench, round % 4),
      ])
      expect(await bench.append(participant)).toBe(participant.joined.seq + 1)
    }
  })

  test('a closed room refuses tokens that were made before, and accepts later ones', async () => {
    const bench = await open()
    await bench.store.rooms.removeOptions(bench.room, { at, seconds: 60 })
    const token = (made?: number) => ({ id: newId(), seconds: 60, ...(made === undefined ? {} : { made }) })
    await refuses(bench.join({ token: token(at) }), 'token_expired')
    expect(await bench.headSeq()).toBe(0)
    await refuses(bench.join({ token: token(0) }), 'token_expired')
    await bench.join({ token: token(at + 1) })
    await bench.join({ token: token() }) // without the time at which it was made
    expect(await bench.other.rooms.find(bench.room)).toEqual({ id: bench.room, members: 2, closed: at })
  })

  test('a closed room refuses an older token also from a participant that was in the room', async () => {
    const bench = await open()
    const { id, request } = await bench.join({ token: { id: newId(), seconds: 60, made: at } })
    await bench.store.rooms.removeOptions(bench.room, { at, seconds: 60 })
    await bench.store.sessionStore.leave(bench.room, id, 'any')
    await refuses(bench.store.sessionStore.join({ ...request, ticketId: newId() }), 'token_expired')
    await bench.anotherRoom().join({ token: { ...request.token, made: 0 } }) // a room that was not closed accepts it, however old
  })

  test('of simultaneous new rooms no more than the limit are accepted, and those are accepted again', async () => {
    const bench = await openOwn()
    const rooms = Array.from({ length: 10 }, () => bench.anotherRoom().room)
    const admit = (room: string, index: number) =>
      (index % 2 ? bench.store : bench.other).roomIndex.registerWithin(room, 3)
    const outcomes = await Promise.allSettled(rooms.map(admit))
    const admitted = rooms.filter((_, index) => outcomes[index]?.status === 'fulfilled')
    expect(admitted).toHaveLength(3)
    await Promise.all(admitted.map(admit))
    await refuses(bench.store.roomIndex.registerWithin(bench.room, 3), 'too_many_rooms')
  })

  test('a room that is empty, or whose login failed, does not count against the limit', async () => {
    const bench = await openOwn()
    await bench.store.roomIndex.registerWithin(bench.room, 1)
    const { id } = await bench.join()
    const next = bench.anotherRoom()
    await refuses(next.store.roomIndex.registerWithin(next.room, 1), 'too_many_rooms')
    await bench.store.sessionStore.leave(bench.room, id, 'any')
    await bench.store.roomIndex.relist([bench.room])
    await next.store.roomIndex.registerWithin(next.room, 1)
    await next.store.roomIndex.relist([next.room])
    await bench.store.roomIndex.registerWithin(bench.room, 1)
  })

  test('an open room is accepted beyond the limit, even if the list lacks it', async () => {
    const bench = await openOwn()
    await bench.join()
    await bench
      .anotherRoom()
      .store.roomIndex.registerWithin('portal/other', 1)
      .catch(() => {})
    await bench.store.roomIndex.registerWithin(bench.room, 1)
    const configured = bench.anotherRoom().room
    await bench.store.rooms.configure(configured, { participantLimit: 1 })
    await bench.store.roomIndex.registerWithin(configured, 1)
  })

  test('the list has a room while it is configured or has members, whatever the order of simultaneous changes', async () => {
    const bench = await openOwn()
    const listed = async () => (await bench.other.roomIndex.list(0, 100)).rooms.map(({ id }) => id)
    for (let round = 0; round < 30; round += 1) {
      const before = await bench.join()
      await bench.store.roomIndex.relist([bench.room])
      await bench.store.sessionStore.leave(bench.room, before.id, 'any')
      const comes = enterAfter(bench, round % 5).then(async (participant) => {
        await bench.other.roomIndex.relist([bench.room])
        return participant
      })
      const [participant] = await Promise.all([comes, bench.store.roomIndex.relist([bench.room])])
      expect(await listed()).toEqual([bench.room])
      await bench.store.sessionStore.leave(bench.room, participant.id, 'any')
    }
    await bench.store.roomIndex.relist([bench.room])
    await bench.store.rooms.configure(bench.room, { participantLimit: 1 })
    await bench.store.roomIndex.relist([bench.room])
    expect(await listed()).toEqual([bench.room])
    await bench.store.rooms.removeOptions(bench.room)
    expect(await listed()).toEqual([])
  })

  test('prune leaves a room that has members', async () => {
    const bench = await openOwn()
    const participant = await bench.join()
    await bench.store.roomIndex.touch([bench.room])
    await bench.store.roomIndex.prune(0, 100)
    await bench.store.roomIndex.prune(0, 100)
    expect(await bench.append(participant)).toBe(2)
    expect(await bench.log()).toHaveLength(2)
  })
}
