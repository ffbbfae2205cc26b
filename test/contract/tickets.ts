import { expect } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import { type Bench, refuses, type JoinedParticipant } from './bench.ts'
import type { Contract } from './contract.ts'

/** Which ticket ids are good: `join`, `resume`, `renew` and `settle` together. */
export function describeTickets({ open, test }: Contract): void {
  /** Relogs in; answers with the place that it gave. */
  const use = async (bench: Bench, participant: JoinedParticipant, ticketId: string, nextTicketId: string) => {
    const { owner } = await bench.resume(participant, { ticketId, nextTicketId })
    return { ...participant.ref, owner }
  }

  /** Joined with ticket `one`. */
  const joined = async (bench: Bench) => {
    const participant = await bench.join({ ticketId: 'one' })
    return { participant, token: participant.request.token }
  }

  test('a renewed ticket is good, and the one before stays so until the renewed one is used', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    await bench.state.sessionStore.renewTicket(participant.ref, 'two')
    await use(bench, participant, 'one', 'three')
    await use(bench, participant, 'two', 'four')
    for (const spent of ['one', 'three']) await refuses(use(bench, participant, spent, 'five'), 'ticket_spent')
  })

  test('using the renewed one spends the one before', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    await bench.state.sessionStore.renewTicket(participant.ref, 'two')
    await use(bench, participant, 'two', 'three')
    await refuses(use(bench, participant, 'one', 'four'), 'ticket_spent')
  })

  test('renewing twice spends the first', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    await bench.state.sessionStore.renewTicket(participant.ref, 'two')
    await bench.state.sessionStore.renewTicket(participant.ref, 'three')
    await refuses(use(bench, participant, 'one', 'four'), 'ticket_spent')
    await use(bench, participant, 'two', 'four')
  })

  test('a confirmation of the login ticket leaves the renewed one and itself good', async () => {
    const bench = await open()
    const { participant, token } = await joined(bench)
    await bench.state.sessionStore.renewTicket(participant.ref, 'two')
    await bench.state.sessionStore.confirmTicket(participant.ref, token, 'one')
    await refuses(bench.other.sessionStore.join(bench.joinRequest({ token })), 'token_used')
    await use(bench, participant, 'one', 'three')
    await use(bench, participant, 'two', 'four')
  })

  test('a confirmation of a renewed ticket leaves the one that was issued since and itself good', async () => {
    const bench = await open()
    const { participant, token } = await joined(bench)
    for (const next of ['two', 'three']) await bench.state.sessionStore.renewTicket(participant.ref, next)
    for (let n = 0; n < 2; n += 1) await bench.state.sessionStore.confirmTicket(participant.ref, token, 'two')
    await use(bench, participant, 'two', 'four')
    await use(bench, participant, 'three', 'five')
    for (const spent of ['one', 'two', 'four']) await refuses(use(bench, participant, spent, 'six'), 'ticket_spent')
  })

  test('a confirmation of the newest ticket spends the one before', async () => {
    const bench = await open()
    const { participant, token } = await joined(bench)
    await bench.state.sessionStore.renewTicket(participant.ref, 'two')
    await bench.state.sessionStore.confirmTicket(participant.ref, token, 'two')
    await refuses(use(bench, participant, 'one', 'three'), 'ticket_spent')
    await use(bench, participant, 'two', 'three')
  })

  test('confirmations of tickets that are spent, of unknown and of half ids spend nothing', async () => {
    const bench = await open()
    const { participant, token } = await joined(bench)
    for (const next of ['two', 'three']) await bench.state.sessionStore.renewTicket(participant.ref, next)
    for (const other of ['one', 'unknown', 'thr', 'hree', '']) {
      await bench.state.sessionStore.confirmTicket(participant.ref, token, other)
    }
    await use(bench, participant, 'two', 'four')
    await use(bench, participant, 'three', 'five')
  })

  test('a confirmation of the ticket of a relogin spends others that were issued for the same one, and nothing issued since', async () => {
    const bench = await open()
    const { participant, token } = await joined(bench)
    await use(bench, participant, 'one', 'unheard')
    const ref = await use(bench, participant, 'one', 'two')
    await bench.other.sessionStore.renewTicket(ref, 'three')
    await bench.other.sessionStore.confirmTicket(ref, token, 'two')
    for (const spent of ['one', 'unheard']) await refuses(use(bench, participant, spent, 'four'), 'ticket_spent')
    await use(bench, participant, 'two', 'four')
    await use(bench, participant, 'three', 'five')
  })

  test('renewing to the same ticket again changes nothing', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    await bench.state.sessionStore.renewTicket(participant.ref, 'two')
    await bench.state.sessionStore.renewTicket(participant.ref, 'two')
    await use(bench, participant, 'one', 'three')
  })

  test('only the owner renews', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    await use(bench, participant, 'one', 'two')
    await refuses(bench.state.sessionStore.renewTicket(participant.ref, 'three'), 'moved')
    await refuses(bench.state.sessionStore.renewTicket({ ...participant.ref, id: 'nobody' }, 'three'), 'moved')
    await use(bench, participant, 'two', 'three')
  })

  test('the ticket of a relogin is good, and the one used stays so in case the ack was lost', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    await use(bench, participant, 'one', 'two')
    await use(bench, participant, 'one', 'three')
    await use(bench, participant, 'three', 'four')
    for (const spent of ['one', 'two']) await refuses(use(bench, participant, spent, 'five'), 'ticket_spent')
  })

  test('of several relogins with one ticket it does not matter whose answer came, nor which was done last', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    await use(bench, participant, 'one', 'heard')
    for (let n = 0; n < 5; n += 1) await use(bench, participant, 'one', `unheard-${n}`)
    const ref = await use(bench, participant, 'heard', 'next')
    for (const spent of ['one', 'unheard-4']) await refuses(use(bench, participant, spent, 'other'), 'ticket_spent')
    await bench.state.sessionStore.confirmTicket(ref, participant.request.token, 'next')
    await refuses(use(bench, participant, 'heard', 'other'), 'ticket_spent')
    await use(bench, participant, 'next', 'last')
  })

  test('once the client is known to have its ticket, others given out for the one before are spent', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    await use(bench, participant, 'one', 'unheard')
    const ref = await use(bench, participant, 'one', 'heard')
    await bench.state.sessionStore.confirmTicket(ref, participant.request.token, 'heard')
    await refuses(use(bench, participant, 'unheard', 'other'), 'ticket_spent')
    await use(bench, participant, 'heard', 'next')
  })

  test('only so many unused tickets are kept', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    const given = Array.from({ length: 40 }, () => newId())
    for (const ticketId of given) await use(bench, participant, 'one', ticketId)
    await refuses(use(bench, participant, given[0] ?? '', 'other'), 'ticket_spent')
    await use(bench, participant, given.at(-1) ?? '', 'next')
  })

  test('a relogin that is repeated leaves the same tickets', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    await use(bench, participant, 'one', 'two')
    await use(bench, participant, 'one', 'two')
    await use(bench, participant, 'two', 'three')
  })

  test('once the client is known to have its ticket, the one before is spent', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    const ref = await use(bench, participant, 'one', 'two')
    await bench.other.sessionStore.confirmTicket(ref, participant.request.token, 'two')
    await bench.other.sessionStore.confirmTicket(ref, participant.request.token, 'two')
    await refuses(use(bench, participant, 'one', 'three'), 'ticket_spent')
    await use(bench, participant, 'two', 'three')
  })

  test('what one who has moved is known to have spends nothing', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    const again = await bench.join({ token: participant.request.token, ticketId: 'two' })
    await bench.state.sessionStore.confirmTicket(participant.ref, participant.request.token, 'one')
    await bench.state.sessionStore.renewTicket(again.ref, 'three')
    await bench.state.sessionStore.confirmTicket(participant.ref, participant.request.token, 'three')
    const third = await bench.join({ token: participant.request.token, ticketId: 'four' })
    expect(third.id).toBe(participant.id)
  })

  test('settling again does not spend the ticket that was renewed meanwhile for one who has moved', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    const ref = await use(bench, participant, 'one', 'two')
    await bench.other.sessionStore.renewTicket(ref, 'three')
    await bench.state.sessionStore.confirmTicket(participant.ref, participant.request.token, 'three')
    await use(bench, participant, 'two', 'four')
  })
}
