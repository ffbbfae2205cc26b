import { expect, test } from 'vitest'
import { decodeObject } from '../../src/core/auth/keyring.ts'
import { readTicket } from '../../src/core/auth/tickets.ts'
import { hasTokenForm, isJwt, readToken } from '../../src/core/auth/tokens.ts'
import { guessKeys } from '../../src/gateway/limits/credential-guessing.ts'
import { measure } from '../../src/gateway/limits/payload-limits.ts'
import { nodeOfConnection } from '../../src/gateway/proxy/connection-id.ts'
import { parseMAuth } from '../../src/http/management/mauth.ts'
import { roomOfAddress } from '../../src/protocol/room-address.ts'
import { growthOf, maxLinearGrowth } from '../support/growth.ts'

/** The functions that read texts of clients without a schema. */

const keys = ['a key of at least thirty-two characters'] as const
const base64 = (text: string) => Buffer.from(text).toString('base64')
const member = (length: number) => base64(JSON.stringify({ participantId: 'x'.repeat(length), ticketId: 'x' }))

const readers: [name: string, read: (text: string) => unknown][] = [
  ['a login token', (text) => readToken([...keys], text, 0)],
  ['a ticket', (text) => readTicket([...keys], 'portal', text, 0)],
  ['base64 of JSON', (text) => decodeObject(text)],
  ['the kind of a token', (text) => isJwt(text)],
  ['the form of a token', (text) => hasTokenForm(text)],
  ['a MAuth header', (text) => parseMAuth(`MAuth ${text}`)],
  ['the key under which a guess is remembered', (text) => guessKeys('127.0.0.1', [{ token: text }])],
  ["a room's address", (text) => roomOfAddress(text)],
  ['a connection id', (text) => nodeOfConnection(text)],
  ['the size of a request', (text) => measure([text], 1e9)],
]
const texts: ((length: number) => string)[] = [
  (length) => 'a'.repeat(length),
  (length) => 'a.'.repeat(length),
  (length) => ','.repeat(length),
  (length) => '='.repeat(length),
  (length) => ' '.repeat(length),
  (length) => base64(`{"tokenId":"${'\\u0001'.repeat(length)}"}`),
  member,
]

test.each(readers)('the time to read %s grows at most linearly with its length', (_name, read) => {
  const growths = texts.map((make) => {
    const made = new Map<number, string>()
    return growthOf((length) => {
      const text = made.get(length) ?? make(length)
      made.set(length, text)
      try {
        read(text)
      } catch {
        // refused, as it should be
      }
    })
  })
  expect(Math.max(...growths)).toBeLessThan(maxLinearGrowth)
})
