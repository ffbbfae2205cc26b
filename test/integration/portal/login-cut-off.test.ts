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
])('when the connection of a login is lost, %s,', (_name, node, other) => {
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

  test('a login with the same token after the ack returns the same participant, whose join is notified once', async () => {
    const { room, witness, token, id } = await cutOff('ack')
    const ann = await enter(other.url, { room, token })
    expect(ann.id).toBe(id)
    expect(actions(await witness.barrier())).toEqual(['join'])
    await ann.ask('text', { to: 'all', message: 'hi' })
    expect((await witness.next()).data).toEqual({ from: id, to: 'all', message: 'hi' })
  })

  test('a login with the same token before the ack leaves no second participant in the room', async () => {
    const { room, witness, token } = await cutOff('request')
    const ann = await enter(other.url, { room, token })
    expect(actions(await witness.barrier())).toEqual(['join'])
    expect((await members(room)).map(({ user }) => user).sort()).toEqual(['ann', 'witness'])
    // after the window of the lost connection no participant has left
    const expiring = await BareClient.connect(node.url)
    await expiring.request('login', loginInfo({ room, user: 'clock' }))
    await expiring.terminate()
    expect((await witness.next()).data).toMatchObject({ action: 'join' })
    expect((await witness.next()).data).toMatchObject({ action: 'leave' })
    expect((await members(room)).map(({ id }) => id)).toContain(ann.id)
    expect(await witness.barrier()).toEqual([])
  })

  test('and no login follows, the participant leaves at the end of its window, and its token stays valid', async () => {
    const { room, witness, token, id } = await cutOff('ack')
    expect((await witness.next()).data).toMatchObject({ action: 'join' })
    expect(await witness.next()).toMatchObject({ event: 'participant', data: { action: 'leave', data: id } })
    expect((await members(room)).map(({ user }) => user)).toEqual(['witness'])
    const ann = await enter(other.url, { room, token })
    expect(ann.id).toBe(id)
    expect(actions(await witness.barrier())).toEqual(['join'])
  })

  test('a login with the same token takes over the connection that the node still has open', async () => {
    const room = newRoom()
    const token = tokenFor({ room })
    const bare = await BareClient.connect(node.url)
    await bare.request('login', loginInfo({ room, token }))
    const ann = await enter(other.url, { room, token })
    await bare.closed
    expect(await ann.barrier()).toEqual([])
  })
})
