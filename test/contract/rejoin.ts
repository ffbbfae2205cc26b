import { expect } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import type { RejoinRequest, Resumed } from '../../src/core/ports/session-store.ts'
import { at, type Bench, type JoinedParticipant, refuses } from './bench.ts'
import type { Contract } from './contract.ts'

/** Rejoins on node B with a new token. */
function rejoin(
  bench: Bench,
  { id }: Pick<JoinedParticipant, 'id'>,
  changes: Partial<RejoinRequest> = {},
): Promise<Resumed> {
  const token = { id: newId(), seconds: 60 }
  return bench.other.sessionStore.rejoin({ room: bench.room, id, node: 'B', token, ticketId: newId(), ...changes })
}

/** Resuming without a ticket: `SessionStore.rejoin`; and `RosterStore.setProfile`. */
export function describeRejoin({ open, test }: Contract): void {
  test('rejoin continues a session after a lost connection: its position, rid and log', async () => {
    const bench = await open()
    const participant = await bench.join()
    await bench.store.log.append(participant.write({ rid: 3 }), { event: 'text', data: 'mine' })
    await bench.store.sessionStore.detach(participant.ref, 1)
    const rejoined = await rejoin(bench, participant)
    expect(rejoined).toMatchObject({
      deliverAfter: 1,
      rid: 3,
      complete: true,
      previousNode: 'A',
      member: participant.member,
    })
    expect(rejoined).not.toHaveProperty('previousOwner')
    expect(rejoined.owner).toMatch(/^B:\d+$/)
    expect(rejoined.owner.split(':')[1]).not.toBe(participant.ref.owner.split(':')[1])
    expect((await bench.log()).map(({ event }) => event)).toEqual(['participant', 'text'])
  })

  test('rejoin names the previous owner, whose writes are then refused', async () => {
    const bench = await open()
    const participant = await bench.join()
    expect(await rejoin(bench, participant)).toMatchObject({ previousOwner: participant.ref.owner })
    await refuses(bench.append(participant), 'moved')
  })

  test('rejoin spends the previous ticket, and its new ticket is valid', async () => {
    const bench = await open()
    const participant = await bench.join()
    const ticketId = newId()
    await rejoin(bench, participant, { ticketId })
    await refuses(bench.resume(participant), 'ticket_spent')
    expect(await bench.resume(participant, { ticketId })).toMatchObject({ complete: true })
  })

  test('the token of the session’s login is valid for rejoin, even after the client has confirmed its ticket', async () => {
    const bench = await open()
    const participant = await bench.join()
    const { token } = participant.request
    await bench.store.sessionStore.confirmTicket(participant.ref, token, participant.request.ticketId)
    expect(await rejoin(bench, participant, { token })).toMatchObject({ tokenId: token.id })
  })

  test('rejoin refuses the token of another participant, and a token that the session has replaced', async () => {
    const bench = await open()
    const [participant, other] = [await bench.join(), await bench.join()]
    await refuses(rejoin(bench, participant, { token: other.request.token }), 'token_used')
    await rejoin(bench, participant)
    await refuses(rejoin(bench, participant, { token: participant.request.token }), 'token_used')
    expect(await bench.store.sessionUpkeep.states([other.ref])).toEqual(['connected'])
  })

  test('rejoin refuses a participant that does not exist or has left', async () => {
    const bench = await open()
    await refuses(rejoin(bench, { id: newId() }), 'participant_gone')
    const participant = await bench.join()
    await bench.store.sessionStore.leave(bench.room, participant.id, 'any')
    await refuses(rejoin(bench, participant), 'participant_gone')
  })

  test('a participant that has rejoined does not expire', async () => {
    const bench = await open()
    const participant = await bench.join()
    await bench.store.sessionStore.detach(participant.ref, 1)
    await rejoin(bench, participant)
    expect(await bench.store.sessionStore.leave(bench.room, participant.id, { windowEnd: at * 2 })).toBe(false)
  })

  test('setProfile replaces the profile, and keeps the rest of the member', async () => {
    const bench = await open()
    const participant = await bench.join()
    const profile = { nickname: '"Zoë" 🎧 \\', list: [], object: {}, nothing: null }
    await bench.store.roster.setProfile(participant.write(), profile)
    expect((await bench.other.roster.roster(bench.room)).members).toEqual([{ ...participant.member, profile }])
    expect(await bench.resume(participant)).toMatchObject({ member: { profile } })
    await refuses(bench.store.roster.setProfile(participant.write(), {}), 'moved')
    expect(await bench.log()).toHaveLength(1)
  })

  test('announce with the same dedupe key appends once', async () => {
    const bench = await open()
    const participant = await bench.join()
    const draft = { event: 'text' as const, data: 'x', to: participant.id }
    expect(await bench.store.log.appendFromServer(bench.room, draft, 'one')).toBe(2)
    expect(await bench.other.log.appendFromServer(bench.room, draft, 'one')).toBe(2)
    expect(await bench.other.log.appendFromServer(bench.room, draft, 'two')).toBe(3)
    expect(await bench.store.log.appendFromServer(bench.room, draft)).toBe(4)
    expect(await bench.log()).toHaveLength(4)
  })

  test('recordReply stores the ack of a request that was performed in another room', async () => {
    const bench = await open()
    const participant = await bench.join()
    await bench.store.log.recordReply(participant.write({ rid: 5, reply: { fine: true } }))
    expect(await bench.other.log.replyTo(participant.ref, 5)).toEqual({ reply: { fine: true } })
    expect(await bench.resume(participant)).toMatchObject({ rid: 5 })
    await refuses(bench.store.log.recordReply(participant.write({ rid: 6 })), 'moved')
    expect(await bench.log()).toHaveLength(1)
  })
}
