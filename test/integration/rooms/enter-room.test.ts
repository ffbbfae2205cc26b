import { describe, expect, test } from 'vitest'
import { connect, ok, refusal } from '../../support/client.ts'
import { enterRoom, inRoom, receivedBefore } from '../../support/dialects.ts'
import { newRoom, startNode } from '../../support/node.ts'

const node = await startNode()
const rooms = { namespace: '/rooms' }

test('the ack of enter_room has all members, the client included; the others receive the nickname, and the id in the meta', async () => {
  const room = newRoom()
  const ann = await inRoom(node, room, ' Ann ')
  const bob = await connect(node.url, rooms)
  expect(await enterRoom(bob, ` ${room} `)).toEqual({
    id: expect.stringMatching(/^[0-9a-zA-Z-]+$/),
    room,
    members: [
      { id: ann.id, nickname: 'Ann' },
      { id: bob.id, nickname: 'anonymous' },
    ],
    ticket: expect.any(String),
    seq: 2,
  })
  expect(await ann.next('welcome')).toEqual({ event: 'welcome', data: 'anonymous', meta: { seq: 2, from: bob.id } })
  expect(await bob.request('leave_room')).toEqual(ok())
  expect(await ann.next('bye')).toEqual({ event: 'bye', data: 'anonymous', meta: { seq: 3, from: bob.id } })
})

test('enter_room accepts the name in an object too, and ignores further arguments', async () => {
  const room = newRoom()
  const ann = await connect(node.url, rooms)
  expect(await ann.request('enter_room', { payload: room }, 'more', 5)).toMatchObject({ data: { room } })
})

test('entering another room leaves the first on the same connection, and keeps the nickname', async () => {
  const [one, two] = [newRoom(), newRoom()]
  const [ann, bob, cleo] = [await inRoom(node, one, 'Ann'), await inRoom(node, one, 'Bob'), await inRoom(node, two)]
  await ann.next('welcome')
  await enterRoom(bob, two)
  expect(await ann.next('bye')).toMatchObject({ data: 'Bob' })
  expect(await cleo.next('welcome')).toMatchObject({ data: 'Bob', meta: { from: bob.id } })
  await ann.request('new_message', 'not for bob', one)
  expect(await receivedBefore(bob, 'rooms')).toEqual([])
  expect(await bob.request('new_message', 'x', one)).toEqual(refusal('You are not in this room.', 'not_in_room'))
})

test('entering the present room changes nothing', async () => {
  const room = newRoom()
  const [ann, bob] = [await inRoom(node, room), await inRoom(node, room)]
  await ann.next('welcome')
  const { id } = bob
  expect(await enterRoom(bob, room)).toMatchObject({ id, room })
  expect(await receivedBefore(ann, 'rooms')).toEqual([])
})

test('enter_room and leave_room that are sent at once are performed in order, and leave no participant', async () => {
  const room = newRoom()
  const ann = await inRoom(node, room)
  const bob = await connect(node.url, rooms)
  const events = ['enter_room', 'leave_room', 'enter_room', 'enter_room', 'leave_room']
  const answers = await Promise.all(events.map((event) => bob.request(event, room)))
  expect(answers.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok'])
  expect((await receivedBefore(ann, 'rooms')).map((notification) => (notification as { event: string }).event)).toEqual(
    ['welcome', 'bye', 'welcome', 'bye'],
  )
  expect(await bob.request('rooms')).toMatchObject({ data: expect.arrayContaining([{ name: room, size: 1 }]) })
})

describe('a room name', () => {
  test.each(['', ' ', '\t\n', '\u200b', '\u0000', 'a\u0007b', '\ud800', 'x'.repeat(257)])(
    '%j is invalid',
    async (name) => {
      const ann = await connect(node.url, rooms)
      for (const argument of [name, { payload: name }]) {
        const { status, code, error } = await ann.request('enter_room', argument)
        expect({ status, code }).toEqual({ status: 'error', code: 'bad_name' })
        expect(error).toMatch(/^A name needs .*\.$/)
      }
      await enterRoom(ann, newRoom())
    },
  )

  test.each(['%2F/..', '🎧', '한글', 'a b', '{x}', '<script>alert(1)</script>', 'x'.repeat(256)])(
    '%j is valid',
    async (name) => {
      const ann = await inRoom(node, name)
      expect(await ann.request('rooms')).toMatchObject({ data: expect.arrayContaining([{ name, size: 1 }]) })
      await ann.request('leave_room')
    },
  )
})
