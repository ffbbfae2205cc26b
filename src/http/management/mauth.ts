import { createHash } from 'node:crypto'
import { equal, owtSignature } from '../../core/auth/keyring.ts'

/** Who may use the API; several keys may have the same id while one is replaced. */
export type MauthKey = { id: string; key: string }

/** What a signed header says, with the signature that covers it. */
export type MAuth = {
  id: string
  cnonce: string
  timestamp: string
  signature: string
  username?: string
  role?: string
}

/** How far a header's time may be from ours, ms. */
export const maxTimestampSkewMs = 300_000

const maxHeaderCharacters = 2048

/**
 * OWT's header: `MAuth realm=…,mauth_signature_method=HMAC_SHA256,mauth_serviceid=…,mauth_cnonce=…,mauth_timestamp=…,
 * mauth_signature=…`, perhaps with mauth_username and mauth_role (docs/owt.md#mauth). Undefined if it is none.
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

/** Every key is tried, so that the time taken tells neither which one signed nor whether the id is known. */
export function isSigned(keys: readonly MauthKey[], mauth: MAuth): boolean {
  const { timestamp, cnonce, username, role } = mauth
  const parts = [timestamp, cnonce, ...(username !== undefined && role !== undefined ? [username, role] : [])]
  const right = keys.map(({ id, key }) => {
    const good = equal(owtSignature(key, parts), mauth.signature)
    return equal(id, mauth.id) && good
  })
  return right.includes(true)
}

/** The id of a key. All are looked at, as digests, so that the time taken tells nothing of any. */
export function idOfKey(keys: readonly MauthKey[], key: string): string | undefined {
  const digest = (text: string) => createHash('sha256').update(text).digest('hex')
  const given = digest(key)
  const right = keys.filter((one) => equal(digest(one.key), given))
  return right[0]?.id
}
