import { expect, test } from 'vitest'
import { newId } from '../../../src/core/ids.ts'
import type { Client } from '../../support/client.ts'
import { ackOf } from '../../support/dialects.ts'
import { newRoom, startNode, type TestNode } from '../../support/node.ts'
import { randomPrefix } from '../../support/redis.ts'
import { clientOf, sdkNames } from './clients.ts'
import { jwtFor } from './issuer.ts'
import { connectTo, dialects, logIn } from './participants.ts'

const oldKey = 'the key that is replaced in three steps'
const newKey = 'the key that comes into the place of the old one'
/** The documented steps (docs/operations.md); tokens and tickets of the old key have expired before the last one. */
const steps = [`${oldKey},${newKey}`, `${newKey},${oldKey}`, newKey]

const start = (redis: { prefix: string }, secret: string) =>
  startNode({ redis, env: { ANONYMOUS_DIALECTS: 'none', SIGNALBOX_SECRET: secret, TICKET_TTL: 600 } })

/** Starts a node with the old key, and then replaces it by a node with the secret of each step. */
async function rotate(participants: {
  begin: (node: TestNode) => Promise<void>
  move: (node: TestNode) => Promise<void>
}) {
  const redis = { prefix: randomPrefix() }
  let node = await start(redis, oldKey)
  await participants.begin(node)
  for (const secret of steps) {
    const next = await start(redis, secret)
    await node.close()
    await participants.move(next)
    node = next
  }
}

test.each(dialects)(
  '%s: a client with its first token in the handshake resumes after each step of a rotation',
  async (dialect) => {
    const room = newRoom()
    const token = await jwtFor({ room, user: room }, oldKey)
    let client: Client
    let id = ''
    await rotate({
      begin: async (node) => {
        client = await logIn(node.url, dialect, room, token)
        id = client.id
      },
      move: async (node) => {
        const back = await connectTo(node.url, dialect, { token })
        await back.relogin(client.ticket)
        expect(back.id).toBe(id)
        client = back
      },
    })
  },
)

test.each(
  sdkNames.flatMap((name) => [oldKey, newKey].map((key) => [name, key === oldKey ? 'old' : 'new', key] as const)),
)(
  '%s: the SDK resumes after each step of a rotation when a backend signs its tokens with the %s key as soon as nodes verify it',
  async (dialect, _which, key) => {
    const room = newRoom()
    let signing = oldKey
    const {
      client,
      connections,
      logIn: enter,
      reconnected,
      reasons,
    } = clientOf(dialect, 'http://127.0.0.1:1', () => jwtFor({ room, user: 'ann' }, signing))
    await rotate({
      begin: async (node) => {
        connections.url = node.url
        await enter(room)
        signing = key
      },
      move: async (node) => {
        const back = reconnected()
        connections.url = node.url
        await back
      },
    })
    expect(client.state).toBe('connected')
    expect(reasons.filter(({ code }) => code !== 'unreachable')).toEqual([])
  },
)

test('p2p: a user authenticates again with a token of either key, and receives the messages sent meanwhile', async () => {
  const [ann, bob] = [newId(), newId()]
  const authenticate = async (node: TestNode, user: string, key: string) => {
    const client = await connectTo(node.url, 'p2p')
    const token = await jwtFor({ room: 'any', user }, key)
    expect(await ackOf(client, 'authentication', { token })).toEqual([{ uid: user }])
    return client
  }
  const keys = [oldKey, newKey, newKey]
  await rotate({
    begin: async (node) => {
      await authenticate(node, ann, oldKey)
    },
    move: async (node) => {
      const key = keys.shift() ?? newKey
      const sender = await authenticate(node, bob, key)
      expect(await ackOf(sender, 'owt-message', { to: ann, data: 'hello' })).toEqual([])
      const back = await authenticate(node, ann, key)
      expect(await back.next('owt-message')).toMatchObject({ data: { data: 'hello', from: bob } })
    },
  })
})
