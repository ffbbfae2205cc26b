import { expect } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import type { Draft, Member } from '../../src/core/model.ts'
import { text } from './bench.ts'
import type { Contract } from './contract.ts'
import { camera, streamNews, subscriptionRemoved, viewing } from './samples.ts'

/** Reads and writes of management, which no owner fences. */
export function describeAdminWrites({ open, openOwn, test }: Contract): void {
  const mute = (member: Member): Member => ({
    ...member,
    permission: { ...member.permission, publish: { audio: false, video: false } },
    changes: (member.changes ?? 0) + 1,
  })
  const notificationOf = (member: Member): Draft => ({
    event: 'permission',
    data: { permission: member.permission, changes: member.changes },
    to: member.id,
  })

  test('member returns the present member of an id', async () => {
    const bench = await open()
    const participant = await bench.join()
    expect(await bench.other.roster.member(bench.room, participant.id)).toEqual(participant.member)
    expect(await bench.store.roster.member(bench.room, newId())).toBeUndefined()
    expect(await bench.store.roster.member(bench.anotherRoom().room, participant.id)).toBeUndefined()
  })

  test('changeMember notifies the member, changes the roster, and reaches the next owner', async () => {
    const bench = await open()
    const participant = await bench.join()
    const after = mute(participant.member)
    expect(await bench.other.roster.changeMember(bench.room, participant.member, after, notificationOf(after))).toBe(
      true,
    )
    expect(await bench.log(1)).toEqual([{ seq: 2, ...notificationOf(after) }])
    expect((await bench.store.roster.roster(bench.room)).members).toEqual([after])
    expect((await bench.resume(participant)).member).toEqual(after)
  })

  test('of two simultaneous changes of a member one resolves to false', async () => {
    const bench = await open()
    const { member } = await bench.join()
    const after = mute(member)
    const attempts = [bench.store, bench.other].map(({ roster }) =>
      roster.changeMember(bench.room, member, after, notificationOf(after)),
    )
    expect((await Promise.all(attempts)).toSorted()).toEqual([false, true])
    expect(await bench.log(1)).toHaveLength(1)
  })

  test('changeMember of an absent member resolves to false, and appends nothing', async () => {
    const bench = await open()
    const { member, id } = await bench.join()
    await bench.join()
    await bench.store.sessionStore.leave(bench.room, id, 'any')
    const before = await bench.log()
    expect(await bench.store.roster.changeMember(bench.room, member, mute(member), notificationOf(member))).toBe(false)
    expect(await bench.log()).toEqual(before)
  })

  test('changeStream changes a stream only if it is as expected', async () => {
    const bench = await open()
    const participant = await bench.join()
    const stream = camera(participant.id)
    await bench.store.media.addStream(participant.write(), stream, [])
    const after = { ...stream, data: true }
    const notifications = streamNews(stream, 'update')
    expect(await bench.other.media.changeStream({ room: bench.room }, stream, after, [notifications])).toBe(true)
    expect(await bench.store.media.changeStream({ room: bench.room }, stream, after, [notifications])).toBe(false)
    expect(await bench.store.media.streams(bench.room, [stream.id])).toEqual([after])
    expect(await bench.log(1)).toEqual([{ seq: 2, ...notifications }])
  })

  test('removeStream removes a stream with its subscriptions once, and notifies the subscribers first', async () => {
    const bench = await open()
    const [owner, viewer, gone] = [await bench.join(), await bench.join(), await bench.join()]
    const [stream, other] = [camera(owner.id), camera(owner.id)]
    await bench.store.media.addStream(owner.write(), stream, [])
    await bench.store.media.addStream(owner.write(), other, [])
    const [ended, stays] = [viewing(stream, viewer.id), viewing(other, viewer.id)]
    await bench.store.media.addSubscription(viewer.write(), ended, [])
    await bench.store.media.addSubscription(viewer.write(), stays, [])
    await bench.store.sessionStore.leave(bench.room, gone.id, 'any')
    const position = await bench.headSeq()
    const notifications = streamNews(stream, 'remove')
    expect(await bench.other.media.removeStream({ room: bench.room }, stream.id, [notifications])).toBe(true)
    expect(await bench.other.media.removeStream({ room: bench.room }, stream.id, [notifications])).toBe(false)
    expect(await bench.log(position)).toEqual([
      { seq: position + 1, ...subscriptionRemoved(ended, viewer.id) },
      { seq: position + 2, ...notifications },
    ])
    expect((await bench.store.roster.roster(bench.room)).streams).toEqual([other])
    expect(await bench.store.media.subscription(bench.room, stays.id)).toEqual(stays)
  })

  test('a write of management does not make the participant’s earlier write repeatable', async () => {
    const bench = await open()
    const participant = await bench.join()
    const stream = camera(participant.id)
    const write = participant.write()
    await bench.store.media.addStream(write, stream, [text()])
    await bench.store.media.removeStream({ room: bench.room }, stream.id, [])
    await bench.store.media.addStream(write, stream, [text()]) // the same write again: the store has performed it already
    expect((await bench.store.roster.roster(bench.room)).streams).toEqual([])
  })

  test('list returns each node as of its last heartbeat', async () => {
    const { store, other } = await openOwn()
    expect(await store.nodes.list()).toEqual([])
    await store.nodes.heartbeat({ id: 'A', url: 'http://a', version: '1', connections: 1 })
    const node = { id: 'A', url: 'http://a', version: '1', connections: 7 }
    await store.nodes.heartbeat(node)
    expect(await other.nodes.list()).toEqual([node])
  })

  test('of two claims of a nonce on different nodes exactly one is the first', async () => {
    const { store, other } = await open()
    const nonce = newId()
    const first = await Promise.all([store, other].map(({ nonces }) => nonces.claim(nonce, 60)))
    expect(first.map((use) => use.first).toSorted()).toEqual([false, true])
    expect(new Set(first.map(({ since }) => since)).size).toBe(1)
    expect((await store.nonces.claim(nonce, 60)).first).toBe(false)
    expect((await store.nonces.claim(newId(), 60)).first).toBe(true)
  })
}
