import { expect } from 'vitest'
import { defaultRoomOptions, roomIdOf } from '../../src/core/model.ts'
import type { Contract } from './contract.ts'

/** Finding and listing rooms: `RoomStore.find`, `RoomStore.replace`, `RoomIndex.list`. */
export function describeRoomListing({ open, openOwn, test }: Contract): void {
  const options = { ...defaultRoomOptions, participantLimit: 3, about: { name: 'Zoë', mediaIn: { audio: [] } } }

  test('find returns a room that is configured or has members', async () => {
    const bench = await open()
    expect(await bench.store.rooms.find(bench.room)).toBeUndefined()
    const participant = await bench.join()
    expect(await bench.other.rooms.find(bench.room)).toEqual({ id: bench.room, members: 1 })
    expect(await bench.store.rooms.replace(bench.room, undefined, options)).toBe(true)
    await bench.store.sessionStore.leave(bench.room, participant.id, 'any')
    expect(await bench.other.rooms.find(bench.room)).toEqual({ id: bench.room, members: 0, configured: options })
    await bench.store.rooms.removeOptions(bench.room)
    expect(await bench.store.rooms.find(bench.room)).toBeUndefined()
  })

  test('replace changes the options only if they are as expected', async () => {
    const bench = await open()
    const made = [bench.store, bench.other].map(({ rooms }) => rooms.replace(bench.room, undefined, options))
    expect((await Promise.all(made)).toSorted()).toEqual([false, true])
    const after = { ...options, inputLimit: 0 }
    expect(await bench.store.rooms.replace(bench.room, defaultRoomOptions, after)).toBe(false)
    expect(await bench.store.rooms.replace(bench.room, options, after)).toBe(true)
    expect(await bench.other.rooms.options(bench.room)).toEqual(after)
  })

  test('simultaneous changes of different options all take effect', async () => {
    const bench = await open()
    await bench.store.rooms.configure(bench.room, {})
    await Promise.all([
      ...[1, 2, 3].map((limit) => bench.store.rooms.configure(bench.room, { participantLimit: limit })),
      bench.other.rooms.configure(bench.room, { inputLimit: 9 }),
    ])
    expect(await bench.store.rooms.options(bench.room)).toMatchObject({ inputLimit: 9 })
  })

  test('list returns the rooms by id, page by page, without those that ended', async () => {
    const { store, other } = await openOwn()
    const names = ['c', 'a', 'e', 'b', 'd']
    for (const name of names) await store.rooms.configure(roomIdOf('portal', name), {})
    await store.rooms.removeOptions(roomIdOf('portal', 'b'))
    const page = async (start: number, limit: number) => {
      const { rooms, more } = await other.roomIndex.list(start, limit)
      return { rooms: rooms.map(({ id }) => id), more }
    }
    const all = ['portal/a', 'portal/c', 'portal/d', 'portal/e']
    expect(await page(0, 10)).toEqual({ rooms: all, more: false })
    const pages = [await page(0, 2), await page(2, 2), await page(4, 2)]
    expect(pages.flatMap(({ rooms }) => rooms)).toEqual(all)
    expect(await page(10, 2)).toEqual({ rooms: [], more: false })
  })

  test('list has a room that has members and no configuration', async () => {
    const bench = await openOwn()
    await bench.store.roomIndex.touch([bench.room])
    expect((await bench.store.roomIndex.list(0, 10)).rooms).toEqual([])
    await bench.join()
    expect((await bench.other.roomIndex.list(0, 10)).rooms).toEqual([{ id: bench.room, members: 1 }])
  })
}
