import { expect } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import { type Bench, type JoinedParticipant, refuses } from './bench.ts'
import type { Contract } from './contract.ts'

/** The valid tickets of a session: `join`, `resume`, `renewTicket` and `confirmTicket` together. */
export function describeTickets({ open, test }: Contract): void {
  /** Resumes with a ticket; resolves to the new session reference. */
  const use = async (bench: Bench, participant: JoinedParticipant, ticketId: string, nextTicketId: string) => {
    const { owner } = await bench.resume(participant, { ticketId, nextTicketId })
    return { ...participant.ref, owner }
  }

  /** A participant that joined with ticket `one`. */
  const joined = async (bench: Bench) => {
    const participant = await bench.join({ ticketId: 'one' })
    return { participant, token: participant.request.token }
  }

  test('a renewed ticket is valid, and so is the previous one until the renewed one is used', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    await bench.store.sessionStore.renewTicket(participant.ref, 'two')
    await use(bench, participant, 'one', 'three')
    await use(bench, participant, 'two', 'four')
    for (const spent of ['one', 'three']) await refuses(use(bench, participant, spent, 'five'), 'ticket_spent')
  })

  test('a resume with the renewed ticket spends the previous one', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    await bench.store.sessionStore.renewTicket(participant.ref, 'two')
    await use(bench, participant, 'two', 'three')
    await refuses(use(bench, participant, 'one', 'four'), 'ticket_spent')
  })

  test('two renewals spend the first ticket', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    await bench.store.sessionStore.renewTicket(participant.ref, 'two')
    await bench.store.sessionStore.renewTicket(participant.ref, 'three')
    await refuses(use(bench, participant, 'one', 'four'), 'ticket_spent')
    await use(bench, participant, 'two', 'four')
  })

  test('confirming the ticket of the login keeps it and the renewed one valid', async () => {
    const bench = await open()
    const { participant, token } = await joined(bench)
    await bench.store.sessionStore.renewTicket(participant.ref, 'two')
    await bench.store.sessionStore.confirmTicket(participant.ref, token, 'one')
    await refuses(bench.other.sessionStore.join(bench.joinRequest({ token })), 'token_used')
    await use(bench, participant, 'one', 'three')
    await use(bench, participant, 'two', 'four')
  })

  test('confirming a renewed ticket keeps it and a later one valid', async () => {
    const bench = await open()
    const { participant, token } = await joined(bench)
    for (const next of ['two', 'three']) await bench.store.sessionStore.renewTicket(participant.ref, next)
    for (let n = 0; n < 2; n += 1) await bench.store.sessionStore.confirmTicket(participant.ref, token, 'two')
    await use(bench, participant, 'two', 'four')
    await use(bench, participant, 'three', 'five')
    for (const spent of ['one', 'two', 'four']) await refuses(use(bench, participant, spent, 'six'), 'ticket_spent')
  })

  test('confirming the newest ticket spends the previous one', async () => {
    const bench = await open()
    const { participant, token } = await joined(bench)
    await bench.store.sessionStore.renewTicket(participant.ref, 'two')
    await bench.store.sessionStore.confirmTicket(participant.ref, token, 'two')
    await refuses(use(bench, participant, 'one', 'three'), 'ticket_spent')
    await use(bench, participant, 'two', 'three')
  })

  test('confirming a spent ticket, or an unknown or partial id, spends nothing', async () => {
    const bench = await open()
    const { participant, token } = await joined(bench)
    for (const next of ['two', 'three']) await bench.store.sessionStore.renewTicket(participant.ref, next)
    for (const other of ['one', 'unknown', 'thr', 'hree', '']) {
      await bench.store.sessionStore.confirmTicket(participant.ref, token, other)
    }
    await use(bench, participant, 'two', 'four')
    await use(bench, participant, 'three', 'five')
  })

  test('confirming the ticket of a relogin spends its alternatives, and no ticket that was issued later', async () => {
    const bench = await open()
    const { participant, token } = await joined(bench)
    await use(bench, participant, 'one', 'alternative')
    const ref = await use(bench, participant, 'one', 'two')
    await bench.other.sessionStore.renewTicket(ref, 'three')
    await bench.other.sessionStore.confirmTicket(ref, token, 'two')
    for (const spent of ['one', 'alternative']) await refuses(use(bench, participant, spent, 'four'), 'ticket_spent')
    await use(bench, participant, 'two', 'four')
    await use(bench, participant, 'three', 'five')
  })

  test('a repeated renewal to the same ticket changes nothing', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    await bench.store.sessionStore.renewTicket(participant.ref, 'two')
    await bench.store.sessionStore.renewTicket(participant.ref, 'two')
    await use(bench, participant, 'one', 'three')
  })

  test('renewTicket of a previous owner is refused as moved', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    await use(bench, participant, 'one', 'two')
    await refuses(bench.store.sessionStore.renewTicket(participant.ref, 'three'), 'moved')
    await refuses(bench.store.sessionStore.renewTicket({ ...participant.ref, id: 'nobody' }, 'three'), 'moved')
    await use(bench, participant, 'two', 'three')
  })

  test('the ticket of a relogin is valid, and the used one stays valid in case the ack was lost', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    await use(bench, participant, 'one', 'two')
    await use(bench, participant, 'one', 'three')
    await use(bench, participant, 'three', 'four')
    for (const spent of ['one', 'two']) await refuses(use(bench, participant, spent, 'five'), 'ticket_spent')
  })

  test('of several relogins with one ticket, the client may continue with the ticket of any of them', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    await use(bench, participant, 'one', 'received')
    for (let n = 0; n < 5; n += 1) await use(bench, participant, 'one', `alternative-${n}`)
    const ref = await use(bench, participant, 'received', 'next')
    for (const spent of ['one', 'alternative-4']) await refuses(use(bench, participant, spent, 'other'), 'ticket_spent')
    await bench.store.sessionStore.confirmTicket(ref, participant.request.token, 'next')
    await refuses(use(bench, participant, 'received', 'other'), 'ticket_spent')
    await use(bench, participant, 'next', 'last')
  })

  test('confirming a ticket spends the others that were issued for the same previous ticket', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    await use(bench, participant, 'one', 'alternative')
    const ref = await use(bench, participant, 'one', 'received')
    await bench.store.sessionStore.confirmTicket(ref, participant.request.token, 'received')
    await refuses(use(bench, participant, 'alternative', 'other'), 'ticket_spent')
    await use(bench, participant, 'received', 'next')
  })

  test('the store keeps a limited number of unused tickets, the newest', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    const given = Array.from({ length: 40 }, () => newId())
    for (const ticketId of given) await use(bench, participant, 'one', ticketId)
    await refuses(use(bench, participant, given[0] ?? '', 'other'), 'ticket_spent')
    await use(bench, participant, given.at(-1) ?? '', 'next')
  })

  test('a repeated relogin leaves the same tickets', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    await use(bench, participant, 'one', 'two')
    await use(bench, participant, 'one', 'two')
    await use(bench, participant, 'two', 'three')
  })

  test('confirming the ticket of a relogin spends the one that was used', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    const ref = await use(bench, participant, 'one', 'two')
    await bench.other.sessionStore.confirmTicket(ref, participant.request.token, 'two')
    await bench.other.sessionStore.confirmTicket(ref, participant.request.token, 'two')
    await refuses(use(bench, participant, 'one', 'three'), 'ticket_spent')
    await use(bench, participant, 'two', 'three')
  })

  test('a confirmation by a previous owner spends nothing', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    const again = await bench.join({ token: participant.request.token, ticketId: 'two' })
    await bench.store.sessionStore.confirmTicket(participant.ref, participant.request.token, 'one')
    await bench.store.sessionStore.renewTicket(again.ref, 'three')
    await bench.store.sessionStore.confirmTicket(participant.ref, participant.request.token, 'three')
    const third = await bench.join({ token: participant.request.token, ticketId: 'four' })
    expect(third.id).toBe(participant.id)
  })

  test('a confirmation by a previous owner does not spend the ticket before the one that the new owner renewed', async () => {
    const bench = await open()
    const participant = await bench.join({ ticketId: 'one' })
    const ref = await use(bench, participant, 'one', 'two')
    await bench.other.sessionStore.renewTicket(ref, 'three')
    await bench.store.sessionStore.confirmTicket(participant.ref, participant.request.token, 'three')
    await use(bench, participant, 'two', 'four')
  })
}
