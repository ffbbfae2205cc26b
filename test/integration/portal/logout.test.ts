import { describe, expect, test } from 'vitest'
import { connect, enter, loginInfo, ok, refusal } from '../../support/client.ts'
import { mesh, publishBoth, subscribeBoth } from '../../support/media.ts'
import { newRoom, startNode } from '../../support/node.ts'

const node = await startNode()
const illegal = refusal('Illegal request', 'illegal_request')

test('logout is acked without data, the others are notified, and the socket stays open', async () => {
  const room = newRoom()
  const ann = await enter(node.url, { room })
  const bob = await enter(node.url, { room })
  await ann.next('participant')
  expect(await bob.request('logout')).toEqual(ok())
  expect(await ann.next()).toEqual({ event: 'participant', data: { action: 'leave', data: bob.id }, meta: { seq: 3 } })
  expect(await bob.request('logout')).toEqual(illegal)
  expect(bob.socket.connected).toBe(true)
  await ann.ask('text', { to: 'all', message: 'gone?' })
  expect((await ann.barrier()).map(({ event }) => event)).toEqual(['text'])
  expect(bob.seen).toEqual([])
})

test('logout ends the participant’s streams and subscriptions; the others are notified of the leave first', async () => {
  const room = newRoom()
  const ann = await enter(node.url, { room })
  const bob = await enter(node.url, { room })
  const [ofAnn, ofBob] = [await publishBoth(ann), await publishBoth(bob)]
  const ofBobToAnn = await subscribeBoth(bob, ofAnn)
  const given = await subscribeBoth(ann, ofBob)
  await ann.barrier()
  await bob.ask('logout')
  expect((await ann.barrier()).map(({ event, data }) => [event, data])).toEqual([
    ['participant', { action: 'leave', data: bob.id }],
    ['stream', { id: ofBob, status: 'remove' }],
    ...[ofBobToAnn, given].map((id) => ['subscription', { action: 'remove', id }]),
  ])
  expect((await ann.request('unsubscribe', { id: given })).error).toBe('Subscription does NOT exist')
})

test('logout before a login is refused as an illegal request, and the socket stays open', async () => {
  const client = await connect(node.url)
  expect(await client.request('logout')).toEqual(illegal)
  await client.login({ room: newRoom() })
})

test('logout while a login is being answered is served after the login', async () => {
  const room = newRoom()
  const ann = await enter(node.url, { room })
  const bob = await connect(node.url)
  const answers = await Promise.all([bob.request('login', loginInfo({ room })), bob.request('logout')])
  expect(answers.map(({ status }) => status)).toEqual(['ok', 'ok'])
  expect((await ann.barrier()).map(({ data }) => Object(data).action)).toEqual(['join', 'leave'])
})

describe('after a logout', () => {
  test('the requests in the queue are refused', async () => {
    const ann = await enter(node.url, { room: newRoom() })
    const text = ann.request('text', { to: 'all', message: 'before' })
    const logout = ann.request('logout')
    const queued = ann.request('text', { to: 'all', message: 'queued' })
    expect(await Promise.all([text, logout, queued])).toEqual([ok(), ok(), illegal])
  })

  test('a login on the same socket makes another participant, which receives each notification once', async () => {
    const room = newRoom()
    const bob = await enter(node.url, { room })
    const ann = await enter(node.url, { room })
    const before = ann.id
    await ann.ask('logout')
    await ann.login({ room })
    expect(ann.id).not.toBe(before)
    await bob.barrier()
    await ann.ask('text', { to: 'all', message: 'once' })
    await ann.ask('publish', { media: null, data: true, transport: mesh })
    expect((await bob.barrier()).map(({ event }) => event)).toEqual(['text', 'stream'])
    expect((await ann.barrier()).map(({ event }) => event)).toEqual(['text', 'progress', 'stream'])
  })

  test('a login to another room receives nothing of the first room', async () => {
    const [one, two] = [newRoom(), newRoom()]
    const bob = await enter(node.url, { room: one })
    const ann = await enter(node.url, { room: one })
    await ann.ask('logout')
    const joined = await ann.login({ room: two })
    await bob.ask('text', { to: 'all', message: 'for the first room' })
    expect([joined.room.id, joined.seq]).toEqual([two, 1])
    expect(await ann.barrier()).toEqual([])
  })

  test('a login may use another protocol version', async () => {
    const room = newRoom()
    const ann = await enter(node.url, { room })
    await ann.ask('logout')
    const { status } = await ann.request('login', loginInfo({ room, protocol: 'legacy' }))
    expect(status).toBe('success')
    expect((await ann.request('text', { to: 'all', message: '' })).error).toBe('Unknown event')
  })

  test('a relogin on the same socket may resume another participant', async () => {
    const room = newRoom()
    const [ann, bob] = [await enter(node.url, { room }), await enter(node.url, { room })]
    await ann.ask('logout')
    await ann.relogin(bob.ticket)
    expect(ann.id).toBe(bob.id)
    expect(await bob.closed).toBe('io server disconnect')
    expect((await ann.request('text', { to: 'all', message: 'as bob' })).status).toBe('ok')
  })
})
