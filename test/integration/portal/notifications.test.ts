import { describe, expect, test } from 'vitest'
import { roomIdOf } from '../../../src/core/model.ts'
import { connect, enter, refusal } from '../../support/client.ts'
import { listed, publishBoth, subscribeBoth } from '../../support/media.ts'
import { lose, newRoom, startCluster, startNode, type TestNode } from '../../support/node.ts'

const node = await startNode()
const [here, there] = (await startCluster(2)) as [TestNode, TestNode]

describe('participant', () => {
  test('reports a join and a leave in the format of each protocol', async () => {
    const room = newRoom()
    const protocols = ['1.0', '1.1', '1.2'] as const
    const witnesses = await Promise.all(protocols.map((protocol) => enter(node.url, { room, protocol })))
    const old = await enter(node.url, { room, protocol: 'legacy' })
    for (const witness of witnesses) await witness.barrier()
    const ann = await enter(node.url, { room, user: 'ann', role: 'viewer' })
    await ann.ask('logout')
    for (const witness of witnesses) {
      const person = { id: ann.id, user: 'ann', role: 'viewer' }
      expect(await witness.next('participant')).toMatchObject({ data: { action: 'join', data: person } })
      expect(await witness.next('participant')).toMatchObject({ data: { action: 'leave', data: ann.id } })
    }
    const person = { id: ann.id, name: 'ann', role: 'viewer' }
    expect(await old.next()).toMatchObject({ event: 'user_join', data: { user: person } })
    expect(await old.next()).toMatchObject({ event: 'user_leave', data: { user: { id: ann.id } } })
  })

  test('is not sent in a room whose `notifying.participantActivities` is false; stream notifications still arrive', async () => {
    const room = newRoom()
    const notifying = { participantActivities: false, streamChange: true }
    await node.app.store.rooms.configure(roomIdOf('portal', room), { notifying })
    const bob = await enter(node.url, { room })
    const ann = await enter(node.url, { room })
    await publishBoth(ann)
    await ann.ask('logout')
    expect((await bob.barrier()).map(({ data }) => Object(data).status)).toEqual(['add', 'remove'])
  })

  test('is not sent when a participant loses its connection and resumes', async () => {
    const room = newRoom()
    const bob = await enter(node.url, { room })
    const ann = await enter(node.url, { room })
    await bob.next('participant')
    await lose(node, ann)
    const back = await connect(node.url)
    await back.relogin(ann.ticket)
    expect(await bob.barrier()).toEqual([])
  })
})

describe('stream and progress', () => {
  test.each(['1.0', '1.1'] as const)(
    'in protocol %s report an added stream in the format of that protocol, and updates and removals as in 1.2',
    async (protocol) => {
      const room = newRoom()
      const old = await enter(node.url, { room, protocol })
      const ann = await enter(node.url, { room })
      await old.next('participant')
      const id = await publishBoth(ann)
      await ann.ask('stream-control', { id, operation: 'pause', data: 'audio' })
      await ann.ask('unpublish', { id })
      expect((await old.barrier()).map(({ event, data }) => [event, data])).toEqual([
        ['stream', { id, status: 'add', data: listed(protocol, id, ann.id) }],
        ['stream', { id, status: 'update', data: { field: 'audio.status', value: 'inactive' } }],
        ['stream', { id, status: 'remove' }],
      ])
    },
  )

  test('are not sent to legacy clients', async () => {
    const room = newRoom()
    const old = await enter(node.url, { room, protocol: 'legacy' })
    const ann = await enter(node.url, { room })
    await old.next('user_join')
    await publishBoth(ann)
    expect(await old.barrier()).toEqual([])
  })
})

describe('drop', () => {
  test.each([
    ['on this node', here],
    ['on another node', there],
  ])(
    'reaches a participant %s, its connection is closed, and the others are notified that it left',
    async (_name, its) => {
      const room = newRoom()
      const bob = await enter(here.url, { room })
      const ann = await enter(its.url, { room })
      const stream = await publishBoth(bob)
      const subscription = await subscribeBoth(ann, stream)
      await bob.barrier()
      expect(await here.app.sessions.drop(roomIdOf('portal', room), ann.id)).toBe(true)
      expect(await ann.next('drop')).toEqual({ event: 'drop', data: undefined, meta: { seq: 7 } })
      expect(await ann.closed).toBe('io server disconnect')
      expect((await bob.barrier()).map(({ event, data }) => [event, data])).toEqual([
        ['participant', { action: 'leave', data: ann.id }],
        ['subscription', { action: 'remove', id: subscription }],
      ])
      const resuming = await connect(here.url)
      expect(await resuming.request('relogin', ann.ticket)).toEqual(
        refusal('Client does NOT exist', 'participant_gone'),
      )
      expect(await here.app.sessions.drop(roomIdOf('portal', room), ann.id)).toBe(false)
      expect(await bob.barrier()).toEqual([])
    },
  )

  test('of a participant in its window makes its relogin fail', async () => {
    const room = newRoom()
    const ann = await enter(node.url, { room })
    await lose(node, ann)
    expect(await node.app.sessions.drop(roomIdOf('portal', room), ann.id)).toBe(true)
    const back = await connect(node.url)
    expect((await back.request('relogin', ann.ticket)).error).toBe('Client does NOT exist')
  })

  test('has the same name for legacy clients', async () => {
    const room = newRoom()
    const old = await enter(node.url, { room, protocol: 'legacy' })
    await node.app.sessions.drop(roomIdOf('portal', room), old.id)
    expect((await old.next('drop')).data).toBeUndefined()
    await old.closed
  })

  test('of an unknown participant has no effect', async () => {
    const room = newRoom()
    const bob = await enter(node.url, { room })
    expect(await node.app.sessions.drop(roomIdOf('portal', room), 'nobody')).toBe(false)
    expect(await bob.barrier()).toEqual([])
  })
})

describe('draining', () => {
  test('announces to each client when its connection will be closed; then its library reconnects, and no participant is seen leaving', async () => {
    const [leaving, staying] = (await startCluster(2, { env: { DRAIN_SECONDS: 0.4 } })) as [TestNode, TestNode]
    const room = newRoom()
    const bob = await enter(staying.url, { room })
    const moved = [await enter(leaving.url, { room }), await enter(leaving.url, { room }), await connect(leaving.url)]
    await bob.barrier()
    const drained = leaving.app.drain()
    const notifications = await Promise.all(moved.map((client) => client.next('draining')))
    expect(notifications.map(({ data }) => data)).toEqual([{ withinMs: 133 }, { withinMs: 267 }, { withinMs: 400 }])
    // after 'io server disconnect' no client library reconnects
    expect(await Promise.all(moved.map(({ closed }) => closed))).toEqual(moved.map(() => 'transport close'))
    await drained
    await expect(connect(leaving.url)).rejects.toThrow()
    for (const client of moved.slice(0, 2)) {
      const back = await connect(staying.url)
      await back.relogin(client.ticket)
      expect(back.id).toBe(client.id)
    }
    expect(await bob.barrier()).toEqual([])
    await leaving.close()
    expect(await bob.barrier()).toEqual([])
  })

  test('is followed by the acks and notifications of further requests until the connection is closed', async () => {
    const leaving = await startNode({ env: { DRAIN_SECONDS: 0.3 } })
    const ann = await enter(leaving.url, { room: newRoom() })
    const drained = leaving.app.drain()
    await ann.next('draining')
    expect((await ann.request('text', { to: 'all', message: 'sent while draining' })).status).toBe('ok')
    expect((await ann.next('text')).data).toMatchObject({ message: 'sent while draining' })
    await drained
    await ann.closed
  })
})
