import { expect, test } from 'vitest'
import { connect, enter, type JoinResult, loginInfo, ok, refusal } from '../../support/client.ts'
import { lose, newRoom, startNode } from '../../support/node.ts'
import { BareClient } from '../bare-client.ts'

const node = await startNode()
const illegal = refusal('Illegal request', 'illegal_request')

const read = (ticket: string) => JSON.parse(Buffer.from(ticket, 'base64').toString())

test('refreshReconnectionTicket returns another ticket of the same participant, as a string, each time', async () => {
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

test('refreshReconnectionTicket ignores its arguments', async () => {
  const ann = await enter(node.url, { room: newRoom() })
  const { status, data } = await ann.request('refreshReconnectionTicket', { ticket: 'x' }, 'more')
  expect([status, typeof data]).toEqual(['ok', 'string'])
})

test('refreshReconnectionTicket causes no notification', async () => {
  const room = newRoom()
  const ann = await enter(node.url, { room })
  const bob = await enter(node.url, { room })
  await ann.ask('refreshReconnectionTicket')
  expect(await bob.barrier()).toEqual([])
})

test('refreshReconnectionTicket before login and after logout is refused as an illegal request, and the socket stays open', async () => {
  const ann = await connect(node.url)
  expect(await ann.request('refreshReconnectionTicket')).toEqual(illegal)
  await ann.login({ room: newRoom() })
  expect((await ann.request('refreshReconnectionTicket')).status).toBe('ok')
  expect(await ann.request('logout')).toEqual(ok())
  expect(await ann.request('refreshReconnectionTicket')).toEqual(illegal)
  expect(ann.socket.connected).toBe(true)
})

/**
 * A client that has received tickets from its login and some refreshes, and has confirmed all but the last. The test answers its
 * pings itself, so that an ack and its confirmation are separate, as when a connection is lost.
 */
async function lastAckLost({ redis, refreshes }: { redis: boolean; refreshes: number }) {
  const { url } = await startNode(redis ? { redis: true } : {})
  const client = await BareClient.connect(url)
  const { data } = await client.request('login', loginInfo({ room: newRoom() }))
  const tickets = [(data as JoinResult).reconnectionTicket]
  for (let n = 0; n < refreshes; n += 1) {
    const ping = await client.ping(n + 1)
    if (n < refreshes - 1) client.pong(ping ?? '')
    tickets.push(String((await client.request('refreshReconnectionTicket')).data))
    if (n === refreshes - 1) client.pong(ping ?? '')
  }
  await client.request('text', { to: 'admin', message: '' }) // after its ack the node has read the pong
  await client.terminate()
  return { url, tickets }
}

for (const redis of [false, true]) {
  for (const refreshes of [1, 2, 3]) {
    const title = `the ticket before refresh ${refreshes} stays valid if the ack of the refresh is lost`
    test(`${title}, with sessions in ${redis ? 'Redis' : 'memory'}`, async () => {
      const { url, tickets } = await lastAckLost({ redis, refreshes })
      for (const spent of tickets.slice(0, -2)) {
        expect(await (await connect(url)).request('relogin', spent)).toMatchObject({ code: 'ticket_spent' })
      }
      await (await connect(url)).relogin(tickets.at(-2) ?? '')
    })
  }
}
