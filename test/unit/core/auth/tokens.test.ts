import { expect, test } from 'vitest'
import { decodeObject } from '../../../../src/core/auth/keyring.ts'
import { writeTicket } from '../../../../src/core/auth/tickets.ts'
import { readToken, writeToken } from '../../../../src/core/auth/tokens.ts'
import { describeSigned, keys, refusal } from './signed.ts'

const claims = { room: 'r é', user: 'Zoë 🎧', role: 'presenter' }
const target = { host: 'example.org:8080', secure: true }
const text = writeToken(keys, claims, target, 2000)

describeSigned({
  text,
  read: (keys, text) => readToken(keys, text, 1000),
  unreadable: 'bad_token',
  forged: ['token_signature'],
})

test('a token contains its claims', () => {
  expect(readToken(keys, text, 1000)).toEqual({
    ...claims,
    tokenId: expect.stringMatching(/^[0-9a-f]{32}$/),
    notAfter: 2000,
  })
})

test('the date of a token is signed', () => {
  const dated = writeToken(keys, { ...claims, made: 500 }, target, 2000)
  expect(readToken(keys, dated, 1000)).toMatchObject({ ...claims, made: 500 })
  for (const made of [501, undefined, null, '500', {}]) {
    const forged = Buffer.from(JSON.stringify({ ...decodeObject(dated), made })).toString('base64')
    expect(refusal(() => readToken(keys, forged, 1000)).code).toBe('token_signature')
  }
})

test('a token contains the address to connect to, in ASCII', () => {
  expect(decodeObject(text)).toMatchObject(target)
  expect(Buffer.from(text, 'base64').every((byte) => byte < 128)).toBe(true)
})

test('two tokens have different ids', () => {
  const ids = Array.from({ length: 10 }, () => decodeObject(writeToken(keys, claims, target, 2000)).tokenId)
  expect(new Set(ids).size).toBe(10)
})

test.each(['room', 'user', 'role'] as const)('a token whose %s has half of a surrogate pair is refused', (claim) => {
  const written = writeToken(keys, { ...claims, [claim]: 'x\ud83d' }, target, 2000)
  expect(refusal(() => readToken(keys, written, 1000))).toMatchObject({
    code: 'bad_token',
    detail: `Invalid token: ${claim}`,
  })
})

test.each([1e30, Number.MAX_VALUE, 367 * 24 * 3600 * 1000])(
  'a token that is valid until %d, more than 366 days ahead, is refused',
  (notAfter) => {
    const written = writeToken(keys, claims, target, notAfter)
    expect(refusal(() => readToken(keys, written, 1000))).toMatchObject({
      code: 'bad_token',
      detail: 'Invalid token: notAfter',
    })
  },
)

test('a token is valid until notAfter', () => {
  expect(readToken(keys, text, 2000).notAfter).toBe(2000)
  expect(refusal(() => readToken(keys, text, 2001)).code).toBe('token_expired')
})

test('a ticket is not a token', () => {
  const ticket = { participantId: 'p', roomName: 'r', ticketId: 't', notBefore: 0, notAfter: 9000 }
  expect(refusal(() => readToken(keys, writeTicket(keys, 'portal', ticket), 1000)).code).toBe('token_signature')
})
