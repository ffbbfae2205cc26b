import { expect, onTestFinished, test } from 'vitest'
import { Portal, type Reconnected, SignalboxError } from '../../../src/client/index.ts'
import { newRoom, startCluster, startNode, tokenFor } from '../../support/node.ts'

function portalAt(url: string | string[], random = Math.random): Portal {
  const portal = new Portal({ url, backOff: { baseMs: 20, capMs: 100 }, parts: { random } })
  onTestFinished(() => portal.close())
  return portal
}

test('Portal clients log in, exchange text, publish, subscribe, signal, and log out', async () => {
  const { url } = await startNode()
  const room = newRoom()
  const [ann, bob] = [portalAt(url), portalAt(url)]
  await ann.login(tokenFor({ room, user: 'ann' }))
  const came = new Promise((resolve) => ann.on('participant', resolve))
  const joined = await bob.login(async () => tokenFor({ room, user: 'bob' }))
  expect(joined.room.participants.map(({ user }) => user).toSorted()).toEqual(['ann', 'bob'])
  expect(await came).toEqual({ action: 'join', data: { id: bob.id, user: 'bob', role: 'presenter' } })

  const received = new Promise((resolve) => bob.on('text', (text, { from }) => resolve({ ...text, by: from })))
  await ann.text(bob.id, 'hello')
  expect(await received).toEqual({ from: ann.id, to: 'me', message: 'hello', by: ann.id })

  const { id } = await ann.publish({ media: { tracks: [{ type: 'video', mid: '0', source: 'camera' }] } })
  const subscribed = new Promise((resolve) => ann.on('subscription', resolve))
  const subscription = await bob.subscribe({ media: { tracks: [{ type: 'video', from: id }] } })
  expect(await subscribed).toMatchObject({ action: 'add', id: subscription.id, participant: bob.id })
  const offered = new Promise((resolve) => ann.on('soac', resolve))
  await bob.soac(subscription.id, { type: 'offer' })
  expect(await offered).toEqual({ id: subscription.id, from: bob.id, signaling: { type: 'offer' } })
  await bob.unsubscribe(subscription.id)
  await ann.streamControl({ id, operation: 'pause', data: 'video' })
  await ann.unpublish(id)

  const left = new Promise((resolve) => ann.on('participant', resolve))
  await bob.logout()
  expect(bob.state).toBe('closed')
  expect(await left).toEqual({ action: 'leave', data: bob.id })
})

test('publish and subscribe name mesh, and keep another transport that the program names', async () => {
  const { url } = await startNode()
  const ann = portalAt(url)
  await ann.login(tokenFor({ room: newRoom() }))
  const media = { tracks: [{ type: 'audio' as const }] }
  expect(await ann.publish({ media, transport: { id: 'mine' } })).toMatchObject({ transportId: 'mine' })
  const refused = { code: 'no_media_server', message: expect.stringContaining('There is no media server') }
  await expect(ann.publish({ media, transport: { type: 'webrtc' } })).rejects.toMatchObject(refused)
  await expect(ann.subscribe({ media, transport: { type: 'webrtc' } })).rejects.toMatchObject(refused)
})

test('a refused request rejects with the code and the sentence of the server', async () => {
  const { url } = await startNode()
  const portal = portalAt(url)
  const token = tokenFor({ room: newRoom() })
  await portal.login(token)
  const refused = portal.text('unknown', 'hello')
  await expect(refused).rejects.toBeInstanceOf(SignalboxError)
  await expect(refused).rejects.toMatchObject({ code: 'no_such_participant' })
  await expect(portal.unpublish('none')).rejects.toMatchObject({
    code: 'no_such_stream',
    message: 'Stream does NOT exist',
  })
  await portal.logout()
  const again = portalAt(url)
  await expect(again.login(token)).rejects.toMatchObject({ code: 'token_used', message: 'Invalid or used token' })
  await expect(again.text('all', 'hello')).rejects.toMatchObject({ code: 'no_session' })
})

test('a client of a draining node moves before the node closes its connection, and misses nothing', async () => {
  const [draining, staying] = await startCluster(2, { env: { DRAIN_SECONDS: 2 } })
  if (!draining || !staying) throw new Error('No cluster')
  const room = newRoom()
  const ann = portalAt([draining.url, staying.url], () => 0.25) // begins at the first, moves after an eighth of the time
  const bob = portalAt([staying.url])
  const [states, received] = [[] as string[], [] as unknown[]]
  ann.on('state', (state) => states.push(state))
  ann.on('text', ({ message }) => received.push(message))
  const moved = new Promise<Reconnected>((resolve) => ann.on('reconnected', resolve))
  await bob.login(tokenFor({ room, user: 'bob' }))
  await ann.login(tokenFor({ room, user: 'ann' }))
  const drained = draining.app.drain()
  const numbers = Array.from({ length: 100 }, (_, index) => `${index}`)
  await Promise.all([...numbers.map((number) => bob.text('all', number)), moved])
  expect(await moved).toMatchObject({ planned: true, from: { url: draining.url }, to: { url: staying.url } })
  await expect.poll(() => received).toEqual(numbers)
  expect(states).toEqual(['connecting', 'connected'])
  await drained
})
