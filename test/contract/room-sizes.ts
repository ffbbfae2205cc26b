import { expect } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import { roomIdOf } from '../../src/core/model.ts'
import { Bench } from './bench.ts'
import type { Contract } from './contract.ts'

/** The open rooms of a dialect: `RoomSizes`. */
export function describeRoomSizes({ open, openOwn, test }: Contract): void {
  const dialects = () => {
    const dialect = `d${newId()}`
    return { dialect, roomIn: (bench: Bench) => new Bench(bench.store, bench.other, roomIdOf(dialect, newId())) }
  }

  test('the index has a room with its size on every node while the room has members', async () => {
    const { dialect, roomIn } = dialects()
    const bench = roomIn(await open())
    const { roomSizes } = bench.store
    const participant = await bench.join()
    await bench.join()
    expect(await roomSizes.count(bench.room)).toBe(true)
    expect(await bench.other.roomSizes.list(dialect, 10)).toEqual([{ room: bench.room, size: 2 }])
    expect(await bench.other.roomSizes.count(bench.room)).toBe(false)
    await bench.store.sessionStore.leave(bench.room, participant.id, 'any')
    expect(await bench.other.roomSizes.count(bench.room)).toBe(true)
    expect(await roomSizes.list(dialect, 10)).toEqual([{ room: bench.room, size: 1 }])
  })

  test('count removes an empty room, and does not add one that does not exist', async () => {
    const { dialect, roomIn } = dialects()
    const bench = roomIn(await open())
    const { roomSizes, sessionStore } = bench.store
    expect(await roomSizes.count(bench.room)).toBe(false)
    const participant = await bench.join()
    await roomSizes.count(bench.room)
    await sessionStore.leave(bench.room, participant.id, 'any')
    expect(await roomSizes.count(bench.room)).toBe(true)
    expect(await roomSizes.list(dialect, 10)).toEqual([])
    expect(await roomSizes.stale(dialect, 0, 10)).toEqual([])
  })

  test('list returns the largest rooms of one dialect first, up to the limit', async () => {
    const { dialect, roomIn } = dialects()
    const common = await open()
    const rooms = [roomIn(common), roomIn(common), roomIn(common)]
    for (const [index, bench] of rooms.entries()) {
      for (let count = 0; count <= index; count += 1) await bench.join()
      await bench.store.roomSizes.count(bench.room)
    }
    await common.join()
    await common.store.roomSizes.count(common.room)
    const sizes = (await common.store.roomSizes.list(dialect, 2)).map(({ size }) => size)
    expect(sizes).toEqual([3, 2])
  })

  test('stale returns rooms that were not counted for the given time', async () => {
    const { dialect, roomIn } = dialects()
    const bench = roomIn(await open())
    await bench.join()
    await bench.store.roomSizes.count(bench.room)
    expect(await bench.other.roomSizes.stale(dialect, 60_000, 10)).toEqual([])
    expect(await bench.other.roomSizes.stale(dialect, 0, 10)).toEqual([bench.room])
  })

  test('claimBroadcast resolves to true for one node at a time and dialect', async () => {
    const { dialect } = dialects()
    const { store, other } = await openOwn()
    expect(await store.roomSizes.claimBroadcast(dialect, 60_000)).toBe(true)
    expect(await other.roomSizes.claimBroadcast(dialect, 60_000)).toBe(false)
    expect(await other.roomSizes.claimBroadcast(`${dialect}2`, 60_000)).toBe(true)
  })
}
