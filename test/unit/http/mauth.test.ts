import { describe, expect, test } from 'vitest'
import { idOfKey, isSigned, parseMAuth } from '../../../src/http/management/mauth.ts'

const keys = [
  { id: 's', key: 'other' },
  { id: 's', key: 'k' },
]

/** The vector of docs/owt.md#signatures. */
const signature = 'NmM4YzViNTJmNmRmOGNjNWJiYzA2N2UzYjQ4ZTg3ZWRmYjhiMTc2Y2E5MDI1OGY2MDRjOTU5MDdhNjYxMmY4OA=='
const header = `MAuth realm=http://marte3.dit.upm.es,mauth_signature_method=HMAC_SHA256,mauth_serviceid=s,mauth_cnonce=87428,mauth_timestamp=1406079112038,mauth_signature=${signature}`

test('parseMAuth reads OWT’s header, and isSigned accepts the signature of any key of its id', () => {
  const mauth = parseMAuth(header)
  expect(mauth).toEqual({ id: 's', cnonce: '87428', timestamp: '1406079112038', signature })
  if (!mauth) throw new Error('not read')
  expect(isSigned(keys, mauth)).toBe(true)
  expect(isSigned(keys, { ...mauth, id: 't' })).toBe(false)
  expect(isSigned(keys, { ...mauth, cnonce: '87429' })).toBe(false)
  expect(isSigned(keys, { ...mauth, timestamp: '1406079112039' })).toBe(false)
  expect(isSigned(keys, { ...mauth, username: 'dQ==', role: 'admin' })).toBe(false)
  expect(isSigned(keys.slice(0, 1), mauth)).toBe(false)
  expect(isSigned([], mauth)).toBe(false)
})

describe('parseMAuth returns undefined for', () => {
  test.each([
    ['another scheme', header.replace('MAuth', 'Basic')],
    ['a part without a value', `${header},mauth_role`],
    ['a repeated part', `${header},mauth_serviceid=t`],
    ['another method', header.replace('HMAC_SHA256', 'HMAC_MD5')],
    ['no id', header.replace('mauth_serviceid=s', 'mauth_serviceid=')],
    ['no nonce', header.replace('mauth_cnonce=87428,', '')],
    ['no time', header.replace('mauth_timestamp=1406079112038,', '')],
    ['a time that is not a number', header.replace('1406079112038', '1e12')],
    ['no signature', header.replace(signature, '')],
    ['a header that is too long', `${header},x=${'y'.repeat(3000)}`],
    ['an empty header', ''],
  ])('%s', (_name, text) => {
    expect(parseMAuth(text)).toBeUndefined()
  })
})

test('idOfKey returns the id of a key, and undefined for an unknown one', () => {
  expect(idOfKey(keys, 'k')).toBe('s')
  expect(idOfKey(keys, 'K')).toBeUndefined()
  expect(idOfKey(keys, '')).toBeUndefined()
})
