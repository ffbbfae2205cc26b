import { describe, expect, test } from 'vitest'
import { sign } from '../../../src/core/auth/keyring.ts'
import { type Ticket, writeTicket } from '../../../src/core/auth/tickets.ts'
import { type Client, connect, enter, loginInfo, refusal } from '../../support/client.ts'
import { newRoom, startNode, testSecret, tokenFor } from '../../support/node.ts'
import { enterPair, expectRefused } from '../../support/pair.ts'
import { BareClient } from '../bare-client.ts'

const older = 'the older key of more than 32 characters'
const newer = 'the newer key of more than 32 characters'
const node = await startNode()
const rotating = await startNode({ env: { SIGNALBOX_SECRET: `${newer},${older}` } })

/** A ticket as the client receives it. */
type WireTicket = Omit<Ticket, 'roomName'> & { roomId: string; signature: string }

const read = (ticket: string) => JSON.parse(Buffer.from(ticket, 'base64').toString()) as WireTicket
const unsigned = ({ signature: _, roomId: roomName, ...others }: WireTicket): Ticket => ({ ...others, roomName })
const write = (fields: object) => Buffer.from(JSON.stringify(fields)).toString('base64')
const spent = refusal('Reconnection is not allowed', 'ticket_spent')
const forged = refusal('Invalid reconnection ticket signature', 'ticket_signature')
const foreign = refusal('Participant ID is not matched', 'ticket_foreign')
const expired = refusal('Ticket is expired', 'ticket_expired')
const gone = refusal('Client does NOT exist', 'participant_gone')

/** A relogin that is refused; the participants in the room are not notified. */
async function expectReloginRefused(data: unknown, expected: object, ...unharmed: Client[]): Promise<void> {
  await expectRefused(node.url, 'relogin', data, expected)
  for (const client of unharmed) expect(await client.barrier()).toEqual([])
}

describe('a ticket is refused, and its participant is not affected, if it is', () => {
  const garbage: [string, unknown, unknown][] = [
    ['absent', undefined, 'Expected a string'],
    ['null', null, 'Expected a string'],
    ['a number', 7, 'Expected a string'],
    ['a list', ['x'], 'Expected a string'],
    ['an object without a ticket', { seq: 1 }, 'Expected a string'],
    ['an object with a number as ticket', { ticket: 5, seq: 1 }, 'Expected a string'],
    ['empty', '', 'Unexpected end of JSON input'],
    ['not base64', '????', expect.stringMatching(/^Unexpected (token|end)/)],
    ['not JSON', write({}).slice(0, 2), expect.any(String)],
    ['JSON, but not of an object', Buffer.from('"x"').toString('base64'), 'Expected an object'],
    ['an empty object', write({}), 'No dates'],
    ['without ids', write({ notBefore: 1, notAfter: 2 }), 'No ids'],
    ['a token', tokenFor({ room: 'r' }), 'No dates'],
  ]
  test.each(garbage)('%s', async (_name, ticket, error) => {
    await expectReloginRefused(ticket, { status: 'error', error, code: 'bad_ticket' })
  })

  test.each(['participantId', 'roomId', 'ticketId', 'notBefore', 'notAfter', 'signature'] as const)(
    'one whose %s is that of another ticket',
    async (field) => {
      const { ann, bob } = await enterPair(node.url)
      const ticket = read(ann.ticket)
      const others = { ...read(bob.ticket), roomId: newRoom(), notBefore: 1, notAfter: ticket.notAfter + 1 }
      await expectReloginRefused(write({ ...ticket, [field]: others[field] }), forged, ann, bob)
    },
  )

  test.each(['ticketId', 'signature'] as const)('one without %s', async (field) => {
    const { ann } = await enterPair(node.url)
    await expectReloginRefused(write({ ...read(ann.ticket), [field]: undefined }), forged, ann)
  })

  test('signed by another key, or for another dialect', async () => {
    const { ann } = await enterPair(node.url)
    const { signature, ...fields } = read(ann.ticket)
    const ticket = unsigned(read(ann.ticket))
    expect(writeTicket([testSecret], 'portal', ticket)).toBe(ann.ticket)
    await expectReloginRefused(writeTicket(['k'.repeat(32)], 'portal', ticket), forged, ann)
    await expectReloginRefused(writeTicket([testSecret], 'rooms', ticket), foreign, ann)
    await expectReloginRefused(
      write({ ...fields, signature: sign([testSecret], 'token', Object.values(fields)) }),
      forged,
      ann,
    )
    expect(signature).toEqual(expect.any(String))
  })

  test('expired, or not valid yet', async () => {
    const { ann } = await enterPair(node.url)
    const ticket = unsigned(read(ann.ticket))
    const now = Date.now()
    const late = writeTicket([testSecret], 'portal', { ...ticket, notAfter: now - 1 })
    const early = writeTicket([testSecret], 'portal', { ...ticket, notBefore: now + 60_000, notAfter: now + 120_000 })
    await expectReloginRefused(late, expired, ann)
    await expectReloginRefused(early, expired, ann)
  })

  test('validly signed, for a participant or a room that does not exist', async () => {
    const { ann, bob } = await enterPair(node.url)
    const ticket = unsigned(read(ann.ticket))
    const signedWith = (change: Partial<Ticket>) => writeTicket([testSecret], 'portal', { ...ticket, ...change })
    await expectReloginRefused(signedWith({ participantId: 'nobody' }), gone, ann)
    await expectReloginRefused(signedWith({ roomName: newRoom() }), gone, ann)
    // a session accepts only its own tickets
    await expectReloginRefused(signedWith({ participantId: bob.id }), spent, ann, bob)
  })

  test('forged and expired: the error is that of the signature', async () => {
    const { ann } = await enterPair(node.url)
    await expectReloginRefused(write({ ...read(ann.ticket), notAfter: 1 }), forged, ann)
  })
})

describe('a ticket is valid', () => {
  test('until the client has received the ticket of the relogin that used it', async () => {
    const { ann, bob } = await enterPair(node.url)
    const back = await connect(node.url)
    await back.relogin(ann.ticket)
    await back.whenConfirmed()
    await expectReloginRefused(ann.ticket, spent, back, bob)
  })

  test('while the ack of the relogin that used it may be lost', async () => {
    const { ann, bob } = await enterPair(node.url)
    const lost = await BareClient.connect(node.url)
    expect((await lost.request('relogin', ann.ticket)).status).toBe('ok')
    await lost.terminate()
    const back = await connect(node.url)
    await back.relogin(ann.ticket)
    expect(back.id).toBe(ann.id)
    expect(await bob.barrier()).toEqual([])
  })

  test('until the ticket of the relogin that used it is used', async () => {
    const { ann, bob } = await enterPair(node.url)
    const first = await BareClient.connect(node.url)
    const { data: newer } = await first.request('relogin', ann.ticket)
    const second = await BareClient.connect(node.url)
    expect((await second.request('relogin', newer)).status).toBe('ok')
    await expectReloginRefused(ann.ticket, spent, bob)
    expect((await second.request('text', { to: 'all', message: 'unharmed' })).status).toBe('ok')
  })

  test('until the session refreshes the ticket of the relogin that used it', async () => {
    const { ann, bob } = await enterPair(node.url)
    const back = await BareClient.connect(node.url)
    await back.request('relogin', ann.ticket)
    const { data: third } = await back.request('refreshReconnectionTicket')
    await expectReloginRefused(ann.ticket, spent, bob)
    const last = await connect(node.url)
    await last.relogin(third as string)
  })

  test('until the client has received the ticket of a refresh', async () => {
    const { ann, bob } = await enterPair(node.url)
    const newer = await ann.ask('refreshReconnectionTicket')
    await ann.whenConfirmed()
    await expectReloginRefused(ann.ticket, spent, ann, bob)
    const back = await connect(node.url)
    await back.relogin(newer)
    expect(back.id).toBe(ann.id)
  })

  test('while the ticket of a refresh may be lost', async () => {
    const room = newRoom()
    const bare = await BareClient.connect(node.url)
    const { data } = await bare.request('login', loginInfo({ room }))
    await bare.request('refreshReconnectionTicket')
    await bare.terminate()
    const back = await connect(node.url)
    await back.relogin((data as { reconnectionTicket: string }).reconnectionTicket)
  })

  test('for one or both of two clients that use it at once, and one connection stays', async () => {
    const { ann, bob } = await enterPair(node.url)
    const clients = await Promise.all([connect(node.url), connect(node.url)])
    const answers = await Promise.all(clients.map((client) => client.request('relogin', ann.ticket)))
    expect(answers.map(({ status }) => status)).toContain('ok')
    await Promise.race(clients.map(({ closed }) => closed))
    const [left, ...more] = clients.filter(({ socket }) => socket.connected)
    expect(more).toEqual([])
    expect((await left?.request('text', { to: bob.id, message: 'one' }))?.status).toBe('ok')
    expect((await bob.barrier()).map(({ event }) => event)).toEqual(['text'])
  })
})

describe('while keys are replaced,', () => {
  test('tokens and tickets signed with the older key stay valid, and the newer key signs', async () => {
    const { url } = rotating
    const room = newRoom()
    const ann = await enter(url, { room, token: tokenFor({ room }, { secret: older }) })
    const ticket = unsigned(read(ann.ticket))
    expect(writeTicket([newer], 'portal', ticket)).toBe(ann.ticket)
    const back = await connect(url)
    await back.relogin(writeTicket([older], 'portal', ticket))
    expect(back.id).toBe(ann.id)
    await enter(url, { room, token: tokenFor({ room }, { secret: newer }) })
  })

  test('tokens and tickets of a removed key are refused', async () => {
    const { url } = rotating
    const client = await connect(url)
    const info = loginInfo({ room: 'r', token: tokenFor({ room: 'r' }, { secret: testSecret }) })
    expect(await client.request('login', info)).toEqual(refusal('Invalid token signature', 'token_signature'))
  })
})
