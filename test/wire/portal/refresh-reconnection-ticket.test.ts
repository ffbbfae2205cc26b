import { expect, test } from 'vitest'
import { connect, enter, ok, refusal } from '../../support/client.ts'
import { lose, newRoom, startNode } from '../../support/node.ts'

const node = await startNode()
const illegal = refusal('Illegal request', 'illegal_request')

const read = (ticket: string) => JSON.parse(Buffer.from(ticket, 'base64').toString())

test('gives a new ticket for the same participant, as a string, and again', async () => {
  const ann = await enter(node.url, { room: newRoom() })
  const first = await ann.ask('refreshReconnectionTicket')
  const second = await ann.ask('refreshReconnectionTicket')
  const ids = [ann.ticket, first, second].map((ticket) => read(ticket).ticketId)
  expect(new Set(ids).size).toBe(3)
  expect(read(second)).toMatchObject({ participantId: ann.id, roomId: read(ann.ticket).roomId })
  await lose(node, ann)
  const back = await connect(node.url)
  await back.relogin(second)
  expect(back.id).toBe(ann.id)
})

test('does not ask for the old ticket to be good still: it takes nothing, and ignores what it is given', async () => {
  const ann = await enter(node.url, { room: newRoom() })
  const { status, data } = await ann.request('refreshReconnectionTicket', { ticket: 'x' }, 'more')
  expect([status, typeof data]).toEqual(['ok', 'string'])
})

test('tells nobody', async () => {
  const room = newRoom()
  const ann = await enter(node.url, { room })
  const bob = await enter(node.url, { room })
  await ann.ask('refreshReconnectionTicket')
  expect(await bob.barrier()).toEqual([])
})

test('before login and after logout it is an illegal request, and the socket stays', async () => {
  const ann = await connect(node.url)
  expect(await ann.request('refreshReconnectionTicket')).toEqual(illegal)
  await ann.login({ room: newRoom() })
  expect((await ann.request('refreshReconnectionTicket')).status).toBe('ok')
  expect(await ann.request('logout')).toEqual(ok())
  expect(await ann.request('refreshReconnectionTicket')).toEqual(illegal)
  expect(ann.socket.connected).toBe(true)
})
