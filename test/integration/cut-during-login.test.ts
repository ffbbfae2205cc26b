import { expect, test } from 'vitest'
import { roomIdOf } from '../../src/core/model.ts'
import { type Client, connect, loginInfo } from '../support/client.ts'
import { enterRoom } from '../support/dialects.ts'
import { newRoom, startCluster, startNode, type TestNode, tokenFor } from '../support/node.ts'
import { Random } from '../support/random.ts'
import { expectNoStaleSessions } from '../support/stale-sessions.ts'
import { until } from '../support/until.ts'

const factor = process.env.SIGNALBOX_SOAK === '1' ? 40 : 1
/** How many clients lose their connections at the same time. */
const batchSize = 25

const env = { RECONNECT_WINDOW: 1 }
const memory = await startNode({ env })
const cluster = await startCluster(2, { env })

/** Requests that begin a session, sent without waiting for the ack. */
const requests = {
  rooms: ({ socket }: Client, room: string) => socket.emit('enter_room', room),
  exchanger: ({ socket }: Client, channelName: string) => socket.emit('joinStream', { channelName }),
  p2p: ({ socket }: Client, token: string) => socket.emit('authentication', { token }),
  portal: ({ socket }: Client, room: string) => socket.emit('login', loginInfo({ room, token: tokenFor({ room }) })),
}

type Dialect = keyof typeof requests

/** Waits for some rounds of the event loop, so that the cuts fall into every step of a login. */
async function pass(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) await new Promise((resolve) => setImmediate(resolve))
}

async function enterAndCut(node: TestNode, dialect: Dialect, rooms: string[], random: Random): Promise<void> {
  const client = await connect(node.url, { namespace: dialect === 'portal' ? '/' : `/${dialect}` })
  for (const room of rooms) requests[dialect](client, room)
  await pass(Math.floor(random.next() * 60))
  client.cut()
  await client.closed
}

test.each<{ dialect: Dialect; cuts: number; where: string; nodes: TestNode[] }>([
  { dialect: 'rooms', cuts: 50, where: 'memory', nodes: [memory] },
  { dialect: 'rooms', cuts: 200, where: 'Redis', nodes: cluster },
  { dialect: 'exchanger', cuts: 50, where: 'Redis', nodes: cluster },
  { dialect: 'p2p', cuts: 50, where: 'Redis', nodes: cluster },
  { dialect: 'portal', cuts: 50, where: 'Redis', nodes: cluster },
])(
  '$cuts clients of $dialect that lose their connections during the login leave no stale session in $where',
  async (given) => {
    const { dialect, cuts, nodes } = given
    const random = new Random()
    const names = [newRoom(), newRoom(), newRoom()]
    const rooms = dialect === 'rooms' || dialect === 'exchanger' ? names : names.slice(0, 1)
    for (let cut = 0; cut < cuts * factor; cut += batchSize) {
      const clients = Array.from({ length: batchSize }, () => enterAndCut(random.pick(nodes), dialect, rooms, random))
      await Promise.all(clients)
    }
    await expectNoStaleSessions()
    const { roster } = (nodes[0] as TestNode).app.store
    const isEmpty = async (room: string) => (await roster.roster(roomIdOf(dialect, room))).members.length === 0
    await until(async () => (await Promise.all(rooms.map(isEmpty))).every(Boolean))
  },
)

test('when clients lose their connections while they change rooms, the list of rooms has the right sizes, and others can enter', async () => {
  const [one, two] = (await startCluster(2, { env: { ...env, MAX_PARTICIPANTS: 4 } })) as [TestNode, TestNode]
  const random = new Random()
  const rooms = [newRoom(), newRoom()]
  const observer = await connect(one.url, { namespace: '/rooms' })
  for (let cut = 0; cut < 60 * factor; cut += 1) {
    const order = random.chance(0.5) ? rooms : rooms.toReversed()
    await enterAndCut(random.chance(0.5) ? one : two, 'rooms', [...order, ...order], random)
  }
  await until(async () => JSON.stringify((await observer.request('rooms')).data) === '[]')
  for (const room of rooms) {
    const { members } = await enterRoom(await connect(two.url, { namespace: '/rooms' }), room)
    expect(members).toHaveLength(1)
  }
})
