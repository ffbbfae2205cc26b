import { expect } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import { refuses, text } from './bench.ts'
import type { Contract } from './contract.ts'
import { camera } from './samples.ts'

/** Relogin: `SessionStore.resume`. */
export function describeResume({ open, openOwn, test }: Contract): void {
  test('a session resumes on another node after its connection was lost', async () => {
    const bench = await open()
    const participant = await bench.join()
    await bench.store.sessionStore.detach(participant.ref, 1)
    expect(await bench.resume(participant)).toEqual({
      owner: expect.stringMatching(/^B:\d+$/),
      member: participant.member,
      deliverAfter: 1,
      inDoubtUpTo: 1,
      complete: true,
      previousNode: 'A',
      rid: 0,
      tokenId: participant.request.token.id,
    })
    expect(await bench.log()).toHaveLength(1)
  })

  test('resume names the previous owner if its connection may still be open', async () => {
    const bench = await open()
    const participant = await bench.join()
    expect(await bench.resume(participant)).toMatchObject({ previousOwner: participant.ref.owner, previousNode: 'A' })
  })

  test('the name of a node may contain a colon', async () => {
    const bench = await open()
    const participant = await bench.join({ node: 'host:8080' })
    expect(await bench.resume(participant)).toMatchObject({ previousNode: 'host:8080' })
  })

  test('entries start after the seq that the client names, and none is in doubt', async () => {
    const bench = await open()
    const participant = await bench.join()
    for (let n = 0; n < 4; n += 1) await bench.append(participant)
    await bench.store.sessionStore.detach(participant.ref, 5)
    expect(await bench.resume(participant, { seq: 3 })).toMatchObject({
      deliverAfter: 3,
      inDoubtUpTo: 0,
      complete: true,
    })
  })

  test('a seq before the login counts as the seq of the login', async () => {
    const bench = await open()
    await bench.append(await bench.join())
    const late = await bench.join()
    await bench.append(late)
    expect(await bench.resume(late, { seq: 1 })).toMatchObject({ deliverAfter: late.joined.seq, complete: true })
  })

  test('a seq beyond the head of the room counts as the head', async () => {
    const bench = await open()
    const participant = await bench.join()
    await bench.append(participant)
    expect(await bench.resume(participant, { seq: 99 })).toMatchObject({ deliverAfter: 2, complete: true })
  })

  test('seq 0 counts as a named seq', async () => {
    const bench = await open()
    await bench.store.rooms.configure(bench.room, { notifying: { participantActivities: false, streamChange: true } })
    const participant = await bench.join()
    await bench.append(participant)
    await bench.store.sessionStore.detach(participant.ref, 1)
    expect(await bench.resume(participant, { seq: 0 })).toMatchObject({ deliverAfter: 0, inDoubtUpTo: 0 })
  })

  test('without a seq entries start after the confirmed ones', async () => {
    const bench = await open()
    const participant = await bench.join()
    for (let n = 0; n < 4; n += 1) await bench.append(participant)
    await bench.store.sessionStore.detach(participant.ref, 3)
    expect(await bench.resume(participant)).toMatchObject({ deliverAfter: 3, inDoubtUpTo: 3 })
  })

  test('without a seq every entry since the confirmed one is in doubt if the connection was open', async () => {
    const bench = await open()
    const participant = await bench.join()
    for (let n = 0; n < 4; n += 1) await bench.append(participant)
    await bench.store.sessionUpkeep.recordConfirmed([{ ref: participant.ref, confirmed: 2 }])
    const resumed = await bench.resume(participant)
    expect(resumed).toMatchObject({ deliverAfter: 2, inDoubtUpTo: 5 })
    // entries that one connection may have received stay in doubt for later connections
    await bench.store.sessionStore.detach({ ...participant.ref, owner: resumed.owner }, 4)
    expect(await bench.resume(participant)).toMatchObject({ deliverAfter: 4, inDoubtUpTo: 5 })
  })

  test('resume is incomplete, with the roster, if the log has trimmed missed entries', async () => {
    const entries = 100
    const bench = await openOwn({ entries })
    const participant = await bench.join()
    const other = await bench.join()
    const stream = camera(other.id)
    await bench.store.media.addStream(other.write(), stream, [])
    await bench.overflow(other, entries)
    const top = await bench.headSeq()
    const resumed = await bench.resume(participant, { seq: 2 })
    expect(resumed).toMatchObject({ complete: false, deliverAfter: top, roster: { seq: top, streams: [stream] } })
    expect(resumed.roster?.members.map(({ id }) => id).toSorted()).toEqual([participant.id, other.id].toSorted())
    // the roster replaces the missed entries: the next resume starts after it
    expect(await bench.resume(participant)).toMatchObject({ complete: true, deliverAfter: top })
  })

  test('resume is complete if the log still has the first missed entry', async () => {
    const entries = 100
    const bench = await openOwn({ entries })
    const participant = await bench.join()
    await bench.overflow(participant, entries)
    const [oldest] = await bench.log()
    if (!oldest) throw new Error('An empty log')
    expect(oldest.seq).toBeGreaterThan(2)
    expect(await bench.resume(participant, { seq: oldest.seq - 1 })).toMatchObject({
      complete: true,
      deliverAfter: oldest.seq - 1,
    })
    expect(await bench.resume(participant, { seq: oldest.seq - 2 })).toMatchObject({ complete: false })
  })

  test('resume is complete if no entry was missed, even if the log is trimmed', async () => {
    const bench = await openOwn({ entries: 1 })
    const participant = await bench.join()
    await bench.overflow(participant, 100)
    expect(await bench.resume(participant, { seq: await bench.headSeq() })).toMatchObject({ complete: true })
  })

  test('resume is complete in a room with an empty log', async () => {
    const bench = await open()
    await bench.store.rooms.configure(bench.room, { notifying: { participantActivities: false, streamChange: true } })
    expect(await bench.resume(await bench.join())).toMatchObject({ complete: true, deliverAfter: 0 })
  })

  test('resume names the last rid that was performed', async () => {
    const bench = await open()
    const participant = await bench.join()
    await bench.store.log.append(participant.write({ rid: 7, reply: null }), text())
    expect(await bench.resume(participant)).toMatchObject({ rid: 7 })
    expect(await bench.other.log.replyTo(participant.ref, 7)).toEqual({ reply: null })
  })

  test('resume refuses a participant that does not exist', async () => {
    const bench = await open()
    const participant = await bench.join()
    await refuses(bench.resume(participant, { id: newId() }), 'participant_gone')
    await refuses(bench.resume(participant, { room: bench.anotherRoom().room }), 'participant_gone')
    await bench.store.sessionStore.leave(bench.room, participant.id, 'any')
    await refuses(bench.resume(participant), 'participant_gone')
  })

  test('resume refuses a participant that does not reconnect', async () => {
    const bench = await open()
    const participant = await bench.join({ reconnects: false })
    await refuses(bench.resume(participant), 'reconnection_disabled')
  })

  test('a refused relogin does not change the session', async () => {
    const bench = await open()
    const participant = await bench.join()
    await refuses(bench.resume(participant, { ticketId: newId() }), 'ticket_spent')
    expect(await bench.store.sessionUpkeep.states([participant.ref])).toEqual(['connected'])
    expect(await bench.append(participant)).toBe(2)
  })

  test('of two simultaneous relogins with one ticket exactly one ends as the owner', async () => {
    const bench = await open()
    const participant = await bench.join()
    await bench.store.sessionStore.detach(participant.ref, 1)
    const request = { room: bench.room, id: participant.id, ticketId: participant.request.ticketId }
    const [one, two] = await Promise.all([
      bench.store.sessionStore.resume({ ...request, node: 'A', nextTicketId: newId() }),
      bench.other.sessionStore.resume({ ...request, node: 'B', nextTicketId: newId() }),
    ])
    const [earlier, later] = one.previousOwner ? [two, one] : [one, two]
    expect(later.previousOwner).toBe(earlier.owner)
    const sessionStore = [earlier, later].map(({ owner }) => ({ ...participant.ref, owner }))
    expect(await bench.store.sessionUpkeep.states(sessionStore)).toEqual(['moved', 'connected'])
  })
}
