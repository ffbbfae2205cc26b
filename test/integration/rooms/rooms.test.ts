import { expect, test } from 'vitest'
import { type Client, connect } from '../../support/client.ts'
import { enterRoom, inRoom } from '../../support/dialects.ts'
import { lose, newRoom, startCluster } from '../../support/node.ts'

const nodes = await startCluster(2, { redis: true, env: { RECONNECT_WINDOW: 1 } })
const [a, b] = nodes
if (!a || !b) throw new Error('No nodes')

type Listed = { name: string; size: number }

/** Waits for the first list for which the condition holds. Checks that both arguments of every list have the same rooms. */
async function listWith(client: Client, isSo: (rooms: Listed[]) => boolean): Promise<void> {
  for (;;) {
    const { data, more } = await client.next('room_change')
    const rooms = more?.[0] as Listed[]
    expect(data).toEqual(rooms.map(({ name }) => name))
    if (isSo(rooms)) return
  }
}

const sizeOf = (rooms: Listed[], name: string) => rooms.find((room) => room.name === name)?.size

test('every client of the namespace receives the open rooms of all nodes, with or without a session', async () => {
  const room = newRoom()
  const lobby = await connect(b.url, { namespace: '/rooms' })
  const ann = await inRoom(a, room)
  await listWith(lobby, (rooms) => sizeOf(rooms, room) === 1)
  expect(await lobby.request('rooms')).toMatchObject({ data: expect.arrayContaining([{ name: room, size: 1 }]) })
  const bob = await inRoom(b, room)
  for (const client of [lobby, ann]) await listWith(client, (rooms) => sizeOf(rooms, room) === 2)
  await bob.request('leave_room')
  await listWith(lobby, (rooms) => sizeOf(rooms, room) === 1)
  await lose(a, ann) // its window ends a second later
  await listWith(lobby, (rooms) => sizeOf(rooms, room) === undefined)
})

test('room_change is sent a few times a second in the whole cluster, however many participants enter and leave', async () => {
  const lobby = await connect(b.url, { namespace: '/rooms' })
  const clients = await Promise.all(
    nodes.flatMap(({ url }) => [1, 2, 3].map(() => connect(url, { namespace: '/rooms' }))),
  )
  const rooms = clients.map(() => newRoom())
  const start = performance.now()
  for (let round = 0; round < 10; round += 1) {
    await Promise.all(clients.map((client, index) => enterRoom(client, rooms[(index + round) % rooms.length] ?? '')))
  }
  await Promise.all(clients.map((client) => enterRoom(client, rooms[0] ?? '')))
  await listWith(lobby, (list) => sizeOf(list, rooms[0] ?? '') === 6)
  const broadcasts = lobby.seen.filter(({ event }) => event === 'room_change').length
  expect(broadcasts).toBeLessThanOrEqual(Math.ceil((performance.now() - start) / 500) + 1)
})

test('a list with wrong sizes is corrected by the next check', async () => {
  const room = newRoom()
  const id = `rooms/${encodeURIComponent(room)}`
  const lobby = await connect(b.url, { namespace: '/rooms' })
  const ann = await inRoom(a, room)
  await listWith(lobby, (rooms) => sizeOf(rooms, room) === 1) // after that no node counts the room for now
  // as if its node had ended between the two writes: removed from the room, but still on the list
  await a.app.store.sessionStore.leave(id, ann.id, 'any')
  const listed = async () => (await b.app.store.roomSizes.list('rooms', 1000)).some((open) => open.room === id)
  expect(await listed()).toBe(true)
  for (const stale of await b.app.store.roomSizes.stale('rooms', 0, 1000)) await b.app.store.roomSizes.count(stale)
  expect(await listed()).toBe(false)
})

test('an announcement reaches every client on every node', async () => {
  const clients = [await connect(a.url, { namespace: '/rooms' }), await inRoom(b, newRoom())]
  a.app.announce('hear')
  for (const client of clients) expect((await client.next('announcement')).data).toBe('hear')
})
