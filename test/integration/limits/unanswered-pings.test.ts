import { expect, test } from 'vitest'
import { type JoinResult, loginInfo } from '../../support/client.ts'
import { newRoom, startNode, type TestNode } from '../../support/node.ts'
import { BareClient } from '../bare-client.ts'

type WebSocketTransport = { socket: { listenerCount(event: string): number } }

async function startWithClient(): Promise<{ node: TestNode; client: BareClient; id: string }> {
  const node = await startNode()
  const client = await BareClient.connect(node.url)
  const { data } = await client.request('login', loginInfo({ room: newRoom() }))
  return { node, client, id: (data as JoinResult).id }
}

/** The number of the node’s listeners for pongs of its only client. */
function pongListeners({ app }: TestNode): number | undefined {
  const [socket] = app.io.of('/').sockets.values()
  return (socket?.conn.transport as unknown as WebSocketTransport | undefined)?.socket.listenerCount('pong')
}

/** Whether the node knows that its only client has a ticket. */
const isTicketConfirmed = ({ app }: TestNode) => app.sessions.all[0]?.tickets.ticketConfirmed

test('a client that refreshes its ticket 300 times and answers no ping is sent two pings and has one listener', async () => {
  const { node, client } = await startWithClient()
  const before = pongListeners(node)
  for (let n = 0; n < 300; n += 1) expect((await client.request('refreshReconnectionTicket')).status).toBe('ok')
  expect(pongListeners(node)).toBe(before)
  expect(client.pings.length).toBeLessThanOrEqual(2)
  await client.terminate()
})

test('a client that enters 100 rooms and answers no ping receives at most four pings', async () => {
  const node = await startNode()
  const client = await BareClient.connect(node.url)
  client.send('40/rooms,')
  await client.frame(/^40\/rooms,/)
  for (let n = 0; n < 100; n += 1) {
    client.send(`42/rooms,${n}["enter_room","${newRoom()}"]`)
    await client.frame(new RegExp(`^43/rooms,${n}\\["ok"`))
    client.send(`42/rooms,${n + 1000}["direct_message","x","y"]`) // a notification that may be in flight
    await client.frame(new RegExp(`^43/rooms,${n + 1000}\\[`))
  }
  expect(client.pings.length).toBeLessThanOrEqual(4)
  await client.terminate()
})

test('a pong to the newest ping also confirms what earlier pings were to confirm', async () => {
  const { node, client, id } = await startWithClient()
  await client.ping(1)
  await client.request('text', { to: id, message: 'to myself' })
  const newest = await client.ping(2)
  expect(isTicketConfirmed(node)).toBe(false)
  client.pong(newest ?? '')
  await client.request('text', { to: 'admin', message: '' }) // after its ack the node has read the pong
  expect(isTicketConfirmed(node)).toBe(true)
  await client.terminate()
})

test('pongs to pings that were never sent confirm nothing, and the connection stays', async () => {
  const { node, client } = await startWithClient()
  const ping = await client.ping(1)
  for (const invalid of ['', 'sb', 'sb-1', 'sb99', 'sb1e1', `${ping} `, 'sb999999999999999999', 'x'.repeat(125)]) {
    client.pong(invalid)
  }
  await client.request('text', { to: 'admin', message: '' })
  expect(isTicketConfirmed(node)).toBe(false)
  client.pong(ping ?? '')
  await client.request('text', { to: 'admin', message: '' })
  expect(isTicketConfirmed(node)).toBe(true)
  await client.terminate()
})
