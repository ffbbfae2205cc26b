import { describe, expect, test } from 'vitest'
import { roomIdOf } from '../../../src/core/model.ts'
import { type Client, enter, type JoinResult, loginInfo } from '../../support/client.ts'
import { newRoom, startCluster, startNode, type TestNode, tokenFor } from '../../support/node.ts'
import { BareClient } from '../bare-client.ts'

const env = { RECONNECT_WINDOW: 1 }
const memory = await startNode({ env })
const [one, two] = (await startCluster(2, { env })) as [TestNode, TestNode]

const actions = (came: Awaited<ReturnType<Client['barrier']>>) => came.map(({ data }) => Object(data).action)

describe.each([
  ['on one node', memory, memory],
  ['on two nodes', one, two],
])('a login that is cut off, %s', (_name, node, other) => {
  async function cutOff(after: 'request' | 'ack') {
    const room = newRoom()
    const witness = await enter(node.url, { room, user: 'witness' })
    const token = tokenFor({ room, user: 'ann' })
    const bare = await BareClient.connect(node.url)
    const answer = bare.request('login', loginInfo({ room, token }))
    if (after === 'ack') await answer
    await bare.terminate()
    return { room, witness, token, id: ((await answer).data as JoinResult | undefined)?.id }
  }

  const members = async (room: string) => (await node.app.store.roster.roster(roomIdOf('portal', room))).members

  test('after the ack: a login with the same token is the same participant, whose join is notified once', async () => {
    const { room, witness, token, id } = await cutOff('ack')
    const ann = await enter(other.url, { room, token })
    expect(ann.id).toBe(id)
    expect(actions(await witness.barrier())).toEqual(['join'])
    await ann.ask('text', { to: 'all', message: 'hi' })
    expect((await witness.next()).data).toEqual({ from: id, to: 'all', message: 'hi' })
  })

  test('before the ack: no stale participant is left beside the one of the next login', async () => {
    const { room, witness, token } = await cutOff('request')
    const ann = await enter(other.url, { room, token })
    expect(actions(await witness.barrier())).toEqual(['join'])
    expect((await members(room)).map(({ user }) => user).sort()).toEqual(['ann', 'witness'])
    // after the window of the lost connection no participant has left
    const other2 = await BareClient.connect(node.url)
    await other2.request('login', loginInfo({ room, user: 'clock' }))
    await other2.terminate()
    expect((await witness.next()).data).toMatchObject({ action: 'join' })
    expect((await witness.next()).data).toMatchObject({ action: 'leave' })
    expect((await members(room)).map(({ id }) => id)).toContain(ann.id)
    expect(await witness.barrier()).toEqual([])
  })

  test('without a next login: the participant leaves when its window is over, and the token is valid before and after', async () => {
    const { room, witness, token, id } = await cutOff('ack')
    expect((await witness.next()).data).toMatchObject({ action: 'join' })
    expect(await witness.next()).toMatchObject({ event: 'participant', data: { action: 'leave', data: id } })
    expect((await members(room)).map(({ user }) => user)).toEqual(['witness'])
    const ann = await enter(other.url, { room, token })
    expect(ann.id).toBe(id)
    expect(actions(await witness.barrier())).toEqual(['join'])
  })

  test('while its connection is still open: the new connection takes over', async () => {
    const room = newRoom()
    const token = tokenFor({ room })
    const bare = await BareClient.connect(node.url)
    await bare.request('login', loginInfo({ room, token }))
    const ann = await enter(other.url, { room, token })
    await bare.closed
    expect(await ann.barrier()).toEqual([])
  })
})
