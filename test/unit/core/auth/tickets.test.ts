import { expect, test } from 'vitest'
import { decodeObject, encodeAscii, sign } from '../../../../src/core/auth/keyring.ts'
import { readTicket, writeTicket } from '../../../../src/core/auth/tickets.ts'
import { writeToken } from '../../../../src/core/auth/tokens.ts'
import { describeSigned, keys, refusal } from './signed.ts'

const ticket = { participantId: 'p1', roomName: 'Räum 1', ticketId: 't1', notBefore: 1000, notAfter: 2000 }
const text = writeTicket(keys, 'portal', ticket)

describeSigned({
  text,
  read: (keys, text) => readTicket(keys, 'portal', text, 1500),
  unreadable: 'bad_ticket',
  // without a required field it is not a ticket
  forged: ['ticket_signature', 'bad_ticket'],
})

test('a ticket contains what was written', () => {
  expect(readTicket(keys, 'portal', text, 1500)).toEqual(ticket)
})

test('a ticket is standard base64 of ASCII JSON with its times as numbers, as OWT’s clients read it', () => {
  expect(text).toMatch(/^[A-Za-z0-9+/]+=*$/)
  const json = Buffer.from(text, 'base64').toString('latin1')
  expect(json).not.toMatch(/[^ -~]/)
  const { roomName: roomId, ...others } = ticket
  expect(JSON.parse(json)).toEqual({ ...others, roomId, signature: expect.any(String) })
})

test('an altered ticket and an unreadable one have different errors', () => {
  const fields = decodeObject(text)
  for (const name of ['participantId', 'roomId', 'ticketId', 'signature']) {
    expect(refusal(() => readTicket(keys, 'portal', encodeAscii({ ...fields, [name]: 'x' }), 1500)).code).toBe(
      'ticket_signature',
    )
  }
  const { notAfter: _, ...timeless } = fields
  expect(refusal(() => readTicket(keys, 'portal', encodeAscii(timeless), 1500))).toMatchObject({
    code: 'bad_ticket',
    detail: 'No dates',
  })
})

test('a ticket is valid in its own dialect only', () => {
  expect(refusal(() => readTicket(keys, 'exchanger', text, 1500, 1500, ['portal', 'exchanger'])).code).toBe(
    'ticket_foreign',
  )
})

test('a ticket is valid until notAfter, and before notBefore within the clock skew', () => {
  for (const now of [1000 - 30_000, 1000, 2000]) expect(readTicket(keys, 'portal', text, now)).toEqual(ticket)
  for (const now of [999 - 30_000, 2001]) {
    expect(refusal(() => readTicket(keys, 'portal', text, now)).code).toBe('ticket_expired')
  }
})

test('a forged ticket is refused for its signature, not for its dates', () => {
  const fields = { ...decodeObject(text), notAfter: 1 }
  expect(refusal(() => readTicket(keys, 'portal', encodeAscii(fields), 1500)).code).toBe('ticket_signature')
})

test('a signature in the form of OWT is refused', () => {
  const parts = [ticket.participantId, ticket.notBefore, ticket.notAfter]
  const fields = { ...decodeObject(text), signature: sign(keys, 'ticket', parts) }
  expect(refusal(() => readTicket(keys, 'portal', encodeAscii(fields), 1500)).code).toBe('ticket_signature')
})

test('a token is not a ticket', () => {
  const token = writeToken(keys, { room: 'r', user: 'u', role: 'x' }, { host: 'h:1', secure: false }, 9000)
  expect(refusal(() => readTicket(keys, 'portal', token, 1500)).code).toBe('bad_ticket')
})
