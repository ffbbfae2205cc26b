import { expect } from 'vitest'
import type { Deadline } from '../../src/core/deadline.ts'
import { newId } from '../../src/core/ids.ts'
import { defaultRoomOptions, type RoomOptions, type Stream, type Subscription } from '../../src/core/model.ts'
import { type Bench, type JoinedParticipant, refuses, text } from './bench.ts'
import type { Contract } from './contract.ts'
import { camera, streamNews, subscriptionRemoved, viewing } from './samples.ts'

/** Two participants of a room: the first has a stream, the second a subscription to it. */
type Scene = {
  bench: Bench
  participant: JoinedParticipant
  other: JoinedParticipant
  stream: Stream
  subscription: Subscription
}

/** Every write that serves a request of a client or of management. */
const writes: { [verb: string]: (scene: Scene, deadline: Deadline) => Promise<unknown> } = {
  append: ({ bench, participant }, deadline) => bench.store.log.append(participant.write({ deadline }), text()),
  announce: ({ bench }, deadline) => bench.store.log.appendFromServer(bench.room, text(), newId(), deadline),
  recordReply: ({ bench, participant }, deadline) =>
    bench.store.log.recordReply(participant.write({ rid: 7, deadline })),
  join: ({ bench }, deadline) => bench.join({ deadline }),
  resume: ({ bench, participant }, deadline) => bench.resume(participant, { deadline }),
  rejoin: ({ bench: { store, room }, participant: { id } }, deadline) =>
    store.sessionStore.rejoin({
      room,
      id,
      node: 'B',
      token: { id: newId(), seconds: 60 },
      ticketId: newId(),
      deadline,
    }),
  setProfile: ({ bench, participant }, deadline) =>
    bench.store.roster.setProfile(participant.write({ deadline }), { new: true }),
  renewTicket: ({ bench, participant }, deadline) =>
    bench.store.sessionStore.renewTicket(participant.ref, newId(), deadline),
  'leave by the owner': ({ bench: { store, room }, participant }, deadline) =>
    store.sessionStore.leave(room, participant.id, { owner: participant.ref.owner }, undefined, deadline),
  'leave by management': ({ bench: { store, room }, participant }, deadline) =>
    store.sessionStore.leave(room, participant.id, 'any', text(), deadline),
  addStream: ({ bench, participant }, deadline) =>
    bench.store.media.addStream(participant.write({ deadline }), camera(participant.id), [text()]),
  changeStream: ({ bench, participant, stream }, deadline) => {
    const after = { ...stream, attributes: { new: true } }
    return bench.store.media.changeStream(participant.write({ deadline }), stream, after, [text()])
  },
  removeStream: ({ bench, participant, stream }, deadline) =>
    bench.store.media.removeStream(participant.write({ deadline }), stream.id, [streamNews(stream, 'remove')]),
  addSubscription: ({ bench, other, stream }, deadline) =>
    bench.store.media.addSubscription(other.write({ deadline }), viewing(stream, other.id), [text()]),
  changeSubscription: ({ bench, other, subscription }, deadline) => {
    const after: Subscription = { ...subscription, paused: ['audio'] }
    return bench.store.media.changeSubscription(other.write({ deadline }), subscription, after, [text()])
  },
  removeSubscription: ({ bench, other, subscription }, deadline) => {
    const notifications = [subscriptionRemoved(subscription, other.id)]
    return bench.store.media.removeSubscription(other.write({ deadline }), subscription.id, notifications)
  },
  'changeMember by management': ({ bench: { store, room }, participant: { member } }, deadline) =>
    store.roster.changeMember(room, member, { ...member, changes: 1 }, text(), deadline),
  'changeStream by management': ({ bench: { store, room }, stream }, deadline) =>
    store.media.changeStream({ room, deadline }, stream, { ...stream, attributes: { new: true } }, [text()]),
  'removeStream by management': ({ bench: { store, room }, stream }, deadline) =>
    store.media.removeStream({ room, deadline }, stream.id, [streamNews(stream, 'remove')]),
  'replace of the configuration': ({ bench: { store, room } }, deadline) =>
    store.rooms.replace(room, configured, { ...configured, participantLimit: 9 }, deadline),
  'remove of the configuration': ({ bench: { store, room } }, deadline) =>
    store.rooms.removeOptions(room, { at: store.clock.date(), seconds: 60 }, deadline),
}

const configured: RoomOptions = { ...defaultRoomOptions, participantLimit: 8 }

async function sceneIn(bench: Bench): Promise<Scene> {
  await bench.store.rooms.replace(bench.room, undefined, configured)
  const [participant, other] = [await bench.join(), await bench.join()]
  const stream = camera(participant.id)
  const subscription = viewing(stream, other.id)
  await bench.store.media.addStream(participant.write(), stream, [])
  await bench.store.media.addSubscription(other.write(), subscription, [])
  return { bench, participant, other, stream, subscription }
}

async function findings({ bench, participant, other, subscription }: Scene): Promise<unknown> {
  const { store, room } = bench
  const sides = [participant, other]
  return {
    log: await bench.log(),
    room: await store.rooms.find(room),
    roster: await store.roster.roster(room),
    sessionStates: await store.sessionUpkeep.states(sides.map(({ ref }) => ref)),
    subscription: await store.media.subscription(room, subscription.id),
    replies: await Promise.all(sides.map(({ ref }) => store.log.replyTo(ref, 7))),
  }
}

/** Deadlines of writes: the store does not perform a write after its deadline. */
export function describeDeadline({ open, test }: Contract): void {
  for (const [verb, write] of Object.entries(writes)) {
    test(`${verb} takes effect before its deadline, and changes nothing after it`, async () => {
      const scene = await sceneIn(await open())
      const before = await findings(scene)
      await refuses(write(scene, performance.now()), 'unavailable')
      expect(await findings(scene)).toEqual(before)
      await write(scene, performance.now() + 4500)
    })
  }

  test('renewTicket after its deadline leaves the tickets unchanged', async () => {
    const bench = await open()
    const participant = await bench.join()
    await refuses(bench.store.sessionStore.renewTicket(participant.ref, 'late', performance.now()), 'unavailable')
    await refuses(bench.resume(participant, { ticketId: 'late' }), 'ticket_spent')
    expect(await bench.resume(participant)).toMatchObject({ complete: true })
  })

  test('claim after its deadline leaves the nonce unclaimed', async () => {
    const { nonces } = (await open()).store
    const nonce = newId()
    await refuses(nonces.claim(nonce, 60, performance.now()), 'unavailable')
    expect(await nonces.claim(nonce, 60)).toMatchObject({ first: true })
  })

  test('the store refuses a relogin that was sent before the one that has the session, even if it receives it later', async () => {
    const bench = await open()
    const participant = await bench.join()
    const arrived = performance.now()
    const newer = await bench.resume(participant, { deadline: arrived + 4400 })
    await refuses(bench.resume(participant, { deadline: arrived + 4300 }), 'unavailable')
    expect(await bench.other.sessionUpkeep.states([{ ...participant.ref, owner: newer.owner }])).toEqual(['connected'])
    expect(await bench.resume(participant, { deadline: arrived + 4500 })).toMatchObject({ previousOwner: newer.owner })
  })

  test('the store refuses a login and a rejoin that were sent before the request that has the session', async () => {
    const bench = await open()
    const arrived = performance.now()
    const request = bench.joinRequest({ deadline: arrived + 4400 })
    const newer = await bench.other.sessionStore.join(request)
    const older = { ...request, ticketId: newId(), deadline: arrived + 4300 }
    await refuses(bench.store.sessionStore.join(older), 'unavailable')
    const { room, token, ticketId } = older
    const again = { room, id: newer.id, node: 'A', token, ticketId }
    await refuses(bench.store.sessionStore.rejoin({ ...again, deadline: arrived + 4300 }), 'unavailable')
    const latest = await bench.store.sessionStore.rejoin({ ...again, deadline: arrived + 4500 })
    expect(latest).toMatchObject({ previousOwner: newer.owner })
  })
}
