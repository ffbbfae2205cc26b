import { expect, test } from 'vitest'
import { connect, ok } from '../../support/client.ts'
import { enterRoom, inRoom } from '../../support/dialects.ts'
import { newRoom, startNode } from '../../support/node.ts'

const node = await startNode()

test('a nickname is part of later notifications, of the members that enter_room returns, and of the session after a relogin', async () => {
  const room = newRoom()
  const [ann, bob] = [await inRoom(node, room, 'Ann'), await inRoom(node, room, 'Bob')]
  expect(await bob.request('nickname', ' Robert ')).toEqual(ok())
  await bob.request('new_message', 'hi', room)
  expect(await ann.next('new_message')).toMatchObject({ data: 'hi', meta: { from: bob.id, nickname: 'Robert' } })
  const cleo = await connect(node.url, { namespace: '/rooms' })
  expect((await enterRoom(cleo, room)).members).toContainEqual({ id: bob.id, nickname: 'Robert' })
  const back = await connect(node.url, { namespace: '/rooms' })
  expect(await back.request('relogin', bob.ticket)).toMatchObject({ status: 'ok' })
  await back.request('new_message', 'back', room)
  expect(await ann.next('new_message')).toMatchObject({ data: 'back', meta: { nickname: 'Robert' } })
  await enterRoom(back, newRoom())
  expect(await ann.next('bye')).toMatchObject({ data: 'Robert' })
  await enterRoom(back, room)
  expect((await ann.next('welcome')).data).toBe('Bob')
  expect((await ann.next('welcome')).data).toBe('anonymous')
  expect((await ann.next('welcome')).data).toBe('Robert') // without a nickname request on this connection
})

test('a nickname without a visible character, or with too many characters, is refused', async () => {
  const ann = await connect(node.url, { namespace: '/rooms' })
  for (const name of ['', '  ', '\u200b', '\u0000', 'x'.repeat(65), '\udc00']) {
    expect(await ann.request('nickname', name)).toMatchObject({ code: 'bad_name' })
  }
  expect(await ann.request('nickname', '<b>Ann</b> 🎧')).toEqual(ok())
  const room = newRoom()
  expect((await enterRoom(ann, room)).members).toMatchObject([{ nickname: '<b>Ann</b> 🎧' }])
})
