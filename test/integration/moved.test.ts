import { expect, test } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import { roomIdOf } from '../../src/core/model.ts'
import { type Client, enter } from '../support/client.ts'
import { ackOf, inChannel, inRoom, peer } from '../support/dialects.ts'
import { mesh, publishBoth } from '../support/media.ts'
import { newRoom, startCluster, startNode, type TestNode } from '../support/node.ts'

const memory = await startNode()
const [redis] = (await startCluster(1)) as [TestNode]

/** Takes the session over as a relogin on another node does, before the request to close the old connection has arrived. */
async function takeOver(node: TestNode, dialect: string, ticket: string): Promise<void> {
  const { participantId, roomId, ticketId } = JSON.parse(Buffer.from(ticket, 'base64').toString())
  const claim = { room: roomIdOf(dialect, roomId), id: participantId, node: 'other', ticketId, nextTicketId: newId() }
  await node.app.store.sessionStore.resume(claim)
}

const inPortal = ({ url }: TestNode, room: string) => enter(url, { room })
const asPeer = async (node: TestNode, room: string) => {
  const client = await peer(node, room)
  client.ticket = (await client.request('refreshReconnectionTicket')).data as string
  return client
}
const both = { tracks: [{ type: 'audio', mid: '0', source: 'mic' }] }

type Case = [event: string, ...data: ((room: string) => unknown)[]]
type Dialect = { enter: (node: TestNode, room: string) => Promise<Client>; cases: Case[] }

const dialects: { [dialect: string]: Dialect } = {
  portal: {
    enter: inPortal,
    cases: [
      ['logout'],
      ['refreshReconnectionTicket'],
      ['text', () => ({ to: 'all', message: 'x' })],
      ['publish', () => ({ media: both, transport: mesh })],
    ],
  },
  exchanger: {
    enter: (node, room) => inChannel(node, room),
    cases: [
      ['logout'],
      ['leaveStream', (channelName) => ({ channelName, user: null })],
      ['joinStream', (channelName) => ({ channelName })],
      ['offer', (channelName) => ({ channelName, sessionDescriptor: 'x' })],
    ],
  },
  rooms: {
    enter: (node, room) => inRoom(node, room),
    cases: [
      ['logout'],
      ['leave_room'],
      ['nickname', () => 'Ann'],
      ['new_message', () => 'x', (room) => room],
      ['enter_room', (room) => room],
    ],
  },
  p2p: { enter: asPeer, cases: [['logout'], ['refreshReconnectionTicket']] },
}

const takeoverCases = Object.entries(dialects).flatMap(([dialect, { cases }]) =>
  cases.flatMap((given) => [
    { dialect, event: given[0], given, where: 'memory', node: memory },
    { dialect, event: given[0], given, where: 'Redis', node: redis },
  ]),
)

test.each(takeoverCases)(
  '$event of $dialect after a takeover is refused as moved, and the connection ends, with sessions in $where',
  async ({ dialect, given: [event, ...data], node }) => {
    const room = newRoom()
    const ann = await dialects[dialect]?.enter(node, room)
    if (!ann) throw new Error('No client')
    await takeOver(node, dialect, ann.ticket)
    const answer = await ann.request(event, ...data.map((argumentOf) => argumentOf(room)))
    expect(answer).toMatchObject({ status: 'error', code: 'moved' })
    await ann.closed
    expect((await node.app.store.roster.roster(roomIdOf(dialect, room))).members).toHaveLength(1)
  },
)

test('unpublish after a takeover is refused as moved', async () => {
  const room = newRoom()
  const ann = await inPortal(redis, room)
  const id = await publishBoth(ann)
  await takeOver(redis, 'portal', ann.ticket)
  expect(await ann.request('unpublish', { id })).toMatchObject({ status: 'error', code: 'moved' })
})

test('owt-message after a takeover is refused and not delivered', async () => {
  const [annId, bobId] = [newId(), newId()]
  const [ann, bob] = [await asPeer(redis, annId), await peer(redis, bobId)]
  await takeOver(redis, 'p2p', ann.ticket)
  expect(await ackOf(ann, 'owt-message', { to: bobId, data: 'x' })).toEqual([2120])
  await ann.closed
  expect(bob.seen.map(({ event }) => event)).toEqual(['server-authenticated'])
})
