import { expect, test } from 'vitest'
import { Exchanger, Portal, Rooms } from '../../../src/client/index.ts'
import { newRoom, startNode, tokenFor } from '../../support/node.ts'
import { measure } from '../observability/scrape.ts'

const limited = await startNode({ env: { MESSAGES_PER_SECOND: 20, MESSAGE_BURST: 10, MAX_MESSAGE_BYTES: 2000 } })
const strict = await startNode({ env: { MESSAGES_PER_SECOND: 10, MESSAGE_BURST: 1 } })
const limits = { messagesPerSecond: 20, burst: 10, maxMessageBytes: 2000 }

test('the acks of login, joinStream, enter_room and relogin contain the limits of the node', async () => {
  const { url } = limited
  const room = newRoom()
  const [portal, exchanger, rooms] = [new Portal({ url }), new Exchanger({ url }), new Rooms({ url })]
  const acks: object[] = [
    await portal.login(tokenFor({ room })),
    await exchanger.join(room, 'ann'),
    await rooms.enter(room),
  ]
  expect(acks).toEqual(acks.map((ack) => ({ ...ack, limits })))
  const back = new Promise((resolve) => rooms.once('reconnected', resolve))
  limited.app.io.of('/rooms').sockets.forEach((socket) => {
    socket.conn.close()
  })
  await back
  expect(rooms.limits).toEqual(limits)
  for (const client of [portal, exchanger, rooms]) client.close()
})

test('all of many candidates arrive in order under a low limit, and the node refuses none', async () => {
  const { url } = limited
  const room = newRoom()
  const [ann, bob] = [new Rooms({ url }), new Rooms({ url })]
  await ann.enter(room)
  await bob.enter(room)
  const received: unknown[] = []
  const candidates = Array.from({ length: 40 }, (_, index) => ({ candidate: `candidate ${index}` }))
  const all = new Promise<void>((resolve) =>
    ann.on('ice', (candidate) => {
      received.push(candidate)
      if (received.length === candidates.length) resolve()
    }),
  )
  await Promise.all(candidates.map((candidate) => bob.ice(candidate)))
  await all
  expect(received).toEqual(candidates)
  expect(await measure(limited, 'refused_total', { reason: 'too_many_requests' })).toBe(0)
  for (const client of [ann, bob]) client.close()
})

test('with a burst of one, the SDK sends nickname and room one after the other, and messages arrive', async () => {
  const [ann, bob] = [new Rooms({ url: strict.url }), new Rooms({ url: strict.url })]
  const room = newRoom()
  for (const [index, client] of [ann, bob].entries()) {
    await client.nickname(`person ${index}`)
    await client.enter(room)
  }
  const received: string[] = []
  ann.on('new_message', (text) => received.push(text))
  await Promise.all(['1', '2', '3', '4', '5'].map((text) => bob.say(text)))
  await bob.list()
  await expect.poll(() => received).toEqual(['1', '2', '3', '4', '5'])
  for (const client of [ann, bob]) client.close()
})
