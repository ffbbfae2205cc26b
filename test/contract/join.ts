import { expect } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import { newMember, refuses, text } from './bench.ts'
import type { Contract } from './contract.ts'
import { camera } from './samples.ts'

/** Login: `SessionStore.join`. */
export function describeJoin({ open, test }: Contract): void {
  test('join adds the member to the roster and gives it an owner of its node', async () => {
    const bench = await open()
    const member = newMember({ profile: { protocol: '1.2', nickname: '"\\ 한글' } })
    const { joined } = await bench.join({ member })
    expect(joined).toEqual({
      id: member.id,
      owner: expect.stringMatching(/^A:\d+$/),
      seq: 1,
      roster: { seq: 1, members: [member], streams: [] },
    })
  })

  test('join notifies every other participant', async () => {
    const bench = await open()
    const { id, member } = await bench.join()
    expect(await bench.log()).toEqual([{ seq: 1, event: 'participant', data: { action: 'join', member }, except: id }])
  })

  test('the roster of a login has the members, the streams, and the seq of the login', async () => {
    const bench = await open()
    const first = await bench.join()
    const stream = camera(first.id)
    await bench.store.media.addStream(first.write(), stream, [])
    const second = await bench.join()
    const { roster } = second.joined
    expect(roster.members.toSorted(byId)).toEqual([first.member, second.member].toSorted(byId))
    expect(roster.streams).toEqual([stream])
    expect(roster.seq).toBe(second.joined.seq)
    const read = await bench.other.roster.roster(bench.room)
    expect({ ...read, members: read.members.toSorted(byId) }).toEqual({
      ...roster,
      members: roster.members.toSorted(byId),
    })
  })

  test('each login has a different owner', async () => {
    const bench = await open()
    const owners = await Promise.all(Array.from({ length: 5 }, async () => (await bench.join()).ref.owner))
    expect(new Set(owners).size).toBe(5)
  })

  test('the roster of a room that does not exist is empty', async () => {
    const { store, room } = await open()
    expect(await store.roster.roster(room)).toEqual({ seq: 0, members: [], streams: [] })
  })

  test('a repeated login gives the same participant, notifies the others once, and names the previous owner', async () => {
    const bench = await open()
    const first = await bench.join()
    const again = await bench.other.sessionStore.join(first.request)
    expect(again).toMatchObject({ id: first.id, previousOwner: first.ref.owner, seq: 1 })
    expect(again.owner).not.toBe(first.ref.owner)
    expect(again.roster.members).toEqual([first.member])
    expect(await bench.log()).toHaveLength(1)
    await refuses(bench.append(first), 'moved')
  })

  test('the same token on another node gives the same participant', async () => {
    const bench = await open()
    const first = await bench.join()
    const retry = bench.joinRequest({ token: first.request.token, node: 'B' })
    const again = await bench.other.sessionStore.join(retry)
    expect(again.id).toBe(first.id)
    expect(again.owner).toMatch(/^B:/)
    expect(again.roster.members).toEqual([{ ...retry.member, id: first.id }])
    expect(await bench.log()).toHaveLength(1)
    await bench.resume(first, { ticketId: retry.ticketId })
  })

  test('a repeated login names the last rid that was performed', async () => {
    const bench = await open()
    const first = await bench.join()
    expect(first.joined.rid).toBeUndefined()
    await bench.store.log.append(first.write({ rid: 7, reply: 'ok' }), text())
    const again = await bench.join({ token: first.request.token })
    expect(again.joined.rid).toBe(7)
    expect(await bench.other.log.replyTo(again.ref, 7)).toEqual({ reply: 'ok' })
  })

  test('a repeated login spends the ticket of the first', async () => {
    const bench = await open()
    const first = await bench.join()
    await bench.join({ token: first.request.token })
    await refuses(bench.resume(first), 'ticket_spent')
  })

  test('a login that is repeated after its connection was lost names no previous owner', async () => {
    const bench = await open()
    const first = await bench.join()
    await bench.store.sessionStore.detach(first.ref, 1)
    const again = await bench.join({ token: first.request.token })
    expect(again.id).toBe(first.id)
    expect(again.joined.previousOwner).toBeUndefined()
    expect(await bench.store.sessionUpkeep.states([again.ref])).toEqual(['connected'])
  })

  test('two simultaneous logins with one token give one participant', async () => {
    const bench = await open()
    const token = { id: newId(), seconds: 180 }
    const [one, two] = await Promise.all([
      bench.store.sessionStore.join(bench.joinRequest({ token })),
      bench.other.sessionStore.join(bench.joinRequest({ token, node: 'B' })),
    ])
    expect(one.id).toBe(two.id)
    const [earlier, later] = one.previousOwner ? [two, one] : [one, two]
    expect(later.previousOwner).toBe(earlier.owner)
    expect(earlier.previousOwner).toBeUndefined()
    expect(await bench.log()).toHaveLength(1)
  })

  test('a token is spent after the client has confirmed its ticket', async () => {
    const bench = await open()
    const { request, ref } = await bench.join()
    await bench.store.sessionStore.confirmTicket(ref, request.token, request.ticketId)
    await refuses(bench.other.sessionStore.join(bench.joinRequest({ token: request.token })), 'token_used')
    await refuses(bench.other.sessionStore.join(request), 'token_used')
    await bench.store.sessionStore.leave(bench.room, ref.id, 'any')
    await refuses(bench.other.sessionStore.join(request), 'token_used')
  })

  test('a token is spent after a relogin', async () => {
    const bench = await open()
    const participant = await bench.join()
    await bench.resume(participant)
    await refuses(bench.other.sessionStore.join(bench.joinRequest({ token: participant.request.token })), 'token_used')
    await refuses(bench.store.sessionStore.join(participant.request), 'token_used')
  })

  test('a participant that left without a confirmed ticket may log in with its token again, and keeps its id', async () => {
    const bench = await open()
    const first = await bench.join()
    await bench.store.sessionStore.leave(bench.room, first.id, 'any')
    const again = await bench.join({ token: first.request.token })
    expect(again.id).toBe(first.id)
    expect((await bench.log()).map(({ data }) => data)).toMatchObject([
      { action: 'join' },
      { action: 'leave' },
      { action: 'join', member: { id: first.id } },
    ])
  })

  test('a full room refuses a login, whose token stays valid', async () => {
    const bench = await open()
    await bench.store.rooms.configure(bench.room, { participantLimit: 2 })
    const first = await bench.join()
    await bench.join()
    const request = bench.joinRequest()
    await refuses(bench.other.sessionStore.join(request), 'room_full')
    await bench.store.sessionStore.leave(bench.room, first.id, 'any')
    expect(await bench.other.sessionStore.join(request)).toMatchObject({ id: request.member.id })
  })

  test('a full room accepts a repeated login', async () => {
    const bench = await open()
    await bench.store.rooms.configure(bench.room, { participantLimit: 1 })
    const first = await bench.join()
    expect(await bench.other.sessionStore.join(first.request)).toMatchObject({ id: first.id })
  })

  test('a waiting participant counts against the limit of a room, and can resume', async () => {
    const bench = await open()
    await bench.store.rooms.configure(bench.room, { participantLimit: 1 })
    const first = await bench.join()
    await bench.store.sessionStore.detach(first.ref, 1)
    await refuses(bench.join(), 'room_full')
    expect(await bench.resume(first)).toMatchObject({ complete: true })
  })

  test('of simultaneous logins, a room accepts no more than its limit', async () => {
    const bench = await open()
    await bench.store.rooms.configure(bench.room, { participantLimit: 3 })
    const nodes = [bench.store, bench.other]
    const attempts = Array.from({ length: 8 }, (_, n) => nodes[n % 2]?.sessionStore.join(bench.joinRequest()))
    const results = await Promise.allSettled(attempts)
    const refused = results.flatMap((result) => (result.status === 'rejected' ? result.reason : []))
    expect(refused).toHaveLength(5)
    for (const reason of refused) expect(reason).toMatchObject({ code: 'room_full' })
    expect((await bench.store.roster.roster(bench.room)).members).toHaveLength(3)
  })

  test('a participant limit of -1 accepts any number', async () => {
    const bench = await open()
    await bench.store.rooms.configure(bench.room, { participantLimit: -1 })
    for (let n = 0; n < 5; n += 1) await bench.join()
    expect((await bench.store.roster.roster(bench.room)).members).toHaveLength(5)
  })

  test('join appends nothing in a room without participant notifications', async () => {
    const bench = await open()
    const notifying = { participantActivities: false, streamChange: true }
    await bench.store.rooms.configure(bench.room, { notifying })
    const participant = await bench.join()
    expect(participant.joined).toMatchObject({ seq: 0, roster: { members: [participant.member] } })
    expect(await bench.log()).toEqual([])
  })
}

const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)
