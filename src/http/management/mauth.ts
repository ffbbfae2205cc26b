import { createHash } from 'node:crypto'
import { equal, owtSignature } from '../../core/auth/keyring.ts'

/** A key of MANAGEMENT_KEYS. Two keys have the same id while one replaces the other. */
export type MauthKey = { id: string; key: string }

/** The fields of a signed header, and their signature. */
export type MAuth = {
  id: string
  cnonce: string
  timestamp: string
  signature: string
  username?: string
  role?: string
}

/** The largest difference between a header's time and the store's clock, ms. */
export const maxTimestampSkewMs = 300_000

const maxHeaderCharacters = 2048

/**
 * Reads OWT's header: `MAuth realm=…,mauth_signature_method=HMAC_SHA256,mauth_serviceid=…,mauth_cnonce=…,mauth_timestamp=…,
 * mauth_signature=…`, optionally with mauth_username and mauth_role (docs/owt.md#mauth). Undefined if it is malformed.
 */
export function parseMAuth(header: string): MAuth | undefined {
  if (!/^MAuth /i.test(header) || header.length > maxHeaderCharacters) return undefined
  const fields = new Map<string, string>()
  for (const part of header.slice('MAuth '.length).split(',')) {
    const equals = part.indexOf('=')
    if (equals === -1) return undefined
    const name = part.slice(0, equals).trim()
    if (fields.has(name)) return undefined
    fields.set(name, part.slice(equals + 1).trim())
  }
  const of = (name: string) => fields.get(`mauth_${name}`) ?? ''
  const [id, cnonce, timestamp, signature] = [of('serviceid'), of('cnonce'), of('timestamp'), of('signature')]
  if (of('signature_method') !== 'HMAC_SHA256' || id === '' || cnonce === '' || signature === '') return undefined
  if (!/^\d{1,15}$/.test(timestamp)) return undefined
  const [username, role] = [of('username'), of('role')]
  return { id, cnonce, timestamp, signature, ...(username && role ? { username, role } : {}) }
}

/** Compares with every key, so that the duration reveals neither the key nor whether the id exists. */
export function isSigned(keys: readonly MauthKey[], mauth: MAuth): boolean {
  const { timestamp, cnonce, username, role } = mauth
  const parts = [timestamp, cnonce, ...(username !== undefined && role !== undefined ? [username, role] : [])]
  const matches = keys.map(({ id, key }) => {
    const matchesKey = equal(owtSignature(key, parts), mauth.signature)
    return equal(id, mauth.id) && matchesKey
  })
  return matches.includes(true)
}

/** The id of a key. Compares the digests of all keys, so that the duration reveals nothing about any of them. */
export function idOfKey(keys: readonly MauthKey[], key: string): string | undefined {
  const digest = (text: string) => createHash('sha256').update(text).digest('hex')
  const given = digest(key)
  const matching = keys.filter((known) => equal(digest(known.key), given))
  return matching[0]?.id
}
