import { expect, test } from 'vitest'
import { ok, refusal } from '../../support/client.ts'
import { inRoom, receivedBefore } from '../../support/dialects.ts'
import { newRoom, startNode } from '../../support/node.ts'

const node = await startNode()

async function three() {
  const room = newRoom()
  const [ann, bob, cleo] = [await inRoom(node, room, 'Ann'), await inRoom(node, room), await inRoom(node, room)]
  for (const client of [ann, bob]) await receivedBefore(client, 'rooms')
  return { room, ann, bob, cleo }
}

test('new_message is acked, and reaches every other participant with the nickname of its sender', async () => {
  const { room, ann, bob, cleo } = await three()
  for (const args of [[room], [` ${room} `], [null], []]) {
    expect(await ann.request('new_message', 'hi <b>', ...args)).toEqual(ok())
    for (const client of [bob, cleo]) {
      const meta = { seq: expect.any(Number), from: ann.id, nickname: 'Ann' }
      expect(await client.next('new_message')).toEqual({ event: 'new_message', data: 'hi <b>', meta })
    }
  }
  expect(await receivedBefore(ann, 'rooms')).toEqual([])
})

test('direct_message reaches only its receiver', async () => {
  const { ann, bob, cleo } = await three()
  expect(await ann.request('direct_message', bob.id, 'psst')).toEqual(ok())
  expect(await bob.next('direct_message')).toMatchObject({ data: 'psst', meta: { from: ann.id } })
  expect(await receivedBefore(cleo, 'rooms')).toEqual([])
  expect(await ann.request('direct_message', 'nobody', 'x')).toEqual(
    refusal('The receiver is not present.', 'no_such_participant'),
  )
})

test.each(['offer', 'answer', 'ice'])('%s reaches every other participant, or only its receiver', async (event) => {
  const { room, ann, bob, cleo } = await three()
  await ann.request(event, { sdp: 1 }, room)
  for (const client of [bob, cleo]) {
    expect(await client.next(event)).toEqual({
      event,
      data: { sdp: 1 },
      meta: { seq: expect.any(Number), from: ann.id },
    })
  }
  await ann.request(event, null, room, cleo.id)
  expect(await cleo.next(event)).toMatchObject({ data: null })
  expect(await receivedBefore(bob, 'rooms')).toEqual([])
  expect(await ann.request(event, 1, newRoom())).toMatchObject({ code: 'not_in_room' })
  expect(await ann.request(event, 1, room, 'nobody')).toMatchObject({ code: 'no_such_participant' })
})

test('a text of more than 2048 characters is refused, and a text that is repeated with its rid is sent once', async () => {
  const { room, ann, bob } = await three()
  expect(await ann.request('new_message', 'x'.repeat(2048), room)).toEqual(ok())
  expect(await ann.request('new_message', 'x'.repeat(2049), room)).toMatchObject({ code: 'text_too_long' })
  for (let time = 0; time < 2; time += 1)
    expect(await ann.request('new_message', 'one', room, { rid: 1 })).toEqual(ok())
  expect(await receivedBefore(bob, 'rooms')).toHaveLength(2)
})
