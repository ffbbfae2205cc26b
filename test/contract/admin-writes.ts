import { expect } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import type { Draft, Member } from '../../src/core/model.ts'
import { text } from './bench.ts'
import type { Contract } from './contract.ts'
import { camera, streamNews, subscriptionRemoved, viewing } from './samples.ts'

/** What management does over the heads of the participants: `Oversight`. */
export function describeAdminWrites({ open, fresh, test }: Contract): void {
  const mute = (member: Member): Member => ({
    ...member,
    permission: { ...member.permission, publish: { audio: false, video: false } },
    changes: (member.changes ?? 0) + 1,
  })
  const news = (member: Member): Draft => ({
    event: 'permission',
    data: { permission: member.permission, changes: member.changes },
    to: member.id,
  })

  test('a member is found by its id, as it stands', async () => {
    const bench = await open()
    const participant = await bench.join()
    expect(await bench.other.roster.member(bench.room, participant.id)).toEqual(participant.member)
    expect(await bench.state.roster.member(bench.room, newId())).toBeUndefined()
    expect(await bench.state.roster.member(bench.anotherRoom().room, participant.id)).toBeUndefined()
  })

  test('a changed member is told, listed, and handed to who takes the place', async () => {
    const bench = await open()
    const participant = await bench.join()
    const after = mute(participant.member)
    expect(await bench.other.roster.changeMember(bench.room, participant.member, after, news(after))).toBe(true)
    expect(await bench.log(1)).toEqual([{ seq: 2, ...news(after) }])
    expect((await bench.state.roster.roster(bench.room)).members).toEqual([after])
    expect((await bench.resume(participant)).member).toEqual(after)
  })

  test('of two who change a member at once, one has to look again', async () => {
    const bench = await open()
    const { member } = await bench.join()
    const after = mute(member)
    const attempts = [bench.state, bench.other].map(({ roster }) =>
      roster.changeMember(bench.room, member, after, news(after)),
    )
    expect((await Promise.all(attempts)).toSorted()).toEqual([false, true])
    expect(await bench.log(1)).toHaveLength(1)
  })

  test('a member that is gone is not changed, and nobody is told', async () => {
    const bench = await open()
    const { member, id } = await bench.join()
    await bench.join()
    await bench.state.sessionStore.leave(bench.room, id, 'any')
    const before = await bench.log()
    expect(await bench.state.roster.changeMember(bench.room, member, mute(member), news(member))).toBe(false)
    expect(await bench.log()).toEqual(before)
  })

  test('a stream is changed if it is as expected', async () => {
    const bench = await open()
    const participant = await bench.join()
    const stream = camera(participant.id)
    await bench.state.media.addStream(participant.write(), stream, [])
    const after = { ...stream, data: true }
    const notifications = streamNews(stream, 'update')
    expect(await bench.other.media.changeStream({ room: bench.room }, stream, after, [notifications])).toBe(true)
    expect(await bench.state.media.changeStream({ room: bench.room }, stream, after, [notifications])).toBe(false)
    expect(await bench.state.media.streams(bench.room, [stream.id])).toEqual([after])
    expect(await bench.log(1)).toEqual([{ seq: 2, ...notifications }])
  })

  test('a stream goes with its subscriptions, once, and first their subscribers are told', async () => {
    const bench = await open()
    const [owner, viewer, gone] = [await bench.join(), await bench.join(), await bench.join()]
    const [stream, other] = [camera(owner.id), camera(owner.id)]
    await bench.state.media.addStream(owner.write(), stream, [])
    await bench.state.media.addStream(owner.write(), other, [])
    const [ended, stays] = [viewing(stream, viewer.id), viewing(other, viewer.id)]
    await bench.state.media.addSubscription(viewer.write(), ended, [])
    await bench.state.media.addSubscription(viewer.write(), stays, [])
    await bench.state.sessionStore.leave(bench.room, gone.id, 'any')
    const position = await bench.headSeq()
    const notifications = streamNews(stream, 'remove')
    expect(await bench.other.media.removeStream({ room: bench.room }, stream.id, [notifications])).toBe(true)
    expect(await bench.other.media.removeStream({ room: bench.room }, stream.id, [notifications])).toBe(false)
    expect(await bench.log(position)).toEqual([
      { seq: position + 1, ...subscriptionRemoved(ended, viewer.id) },
      { seq: position + 2, ...notifications },
    ])
    expect((await bench.state.roster.roster(bench.room)).streams).toEqual([other])
    expect(await bench.state.media.subscription(bench.room, stays.id)).toEqual(stays)
  })

  test('what management wrote leaves the participant’s own writes as they were', async () => {
    const bench = await open()
    const participant = await bench.join()
    const stream = camera(participant.id)
    const write = participant.write()
    await bench.state.media.addStream(write, stream, [text()])
    await bench.state.media.removeStream({ room: bench.room }, stream.id, [])
    await bench.state.media.addStream(write, stream, [text()]) // the same write again: it was done
    expect((await bench.state.roster.roster(bench.room)).streams).toEqual([])
  })

  test('nodes are listed as they said last', async () => {
    const { state, other } = await fresh()
    expect(await state.nodes.list()).toEqual([])
    await state.nodes.heartbeat({ id: 'A', url: 'http://a', version: '1', connections: 1 })
    const node = { id: 'A', url: 'http://a', version: '1', connections: 7 }
    await state.nodes.heartbeat(node)
    expect(await other.nodes.list()).toEqual([node])
  })

  test('a mark is new once, on whichever node, and again when its time is over', async () => {
    const { state, other } = await open()
    const nonce = newId()
    const first = await Promise.all([state, other].map(({ nonces }) => nonces.claim(nonce, 60)))
    expect(first.map((use) => use.first).toSorted()).toEqual([false, true])
    expect(new Set(first.map(({ since }) => since)).size).toBe(1)
    expect((await state.nonces.claim(nonce, 60)).first).toBe(false)
    expect((await state.nonces.claim(newId(), 60)).first).toBe(true)
  })
}
