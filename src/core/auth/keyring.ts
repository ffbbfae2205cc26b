import { createHmac, timingSafeEqual } from 'node:crypto'

/** The first key signs, and all verify. So a key can be replaced while tokens and tickets of the old one stay valid. */
export type Keyring = readonly [string, ...string[]]

/**
 * OWT's signature: base64 of the hexadecimal text of HMAC-SHA256 over the parts joined with commas (docs/owt.md#signatures).
 */
export function owtSignature(key: string, parts: readonly string[]): string {
  return Buffer.from(createHmac('sha256', key).update(parts.join(',')).digest('hex')).toString('base64')
}

/** Parts as JSON, so that two different lists never have the same text. */
function canonical(purpose: string, parts: readonly unknown[]): [string] {
  return [JSON.stringify([purpose, ...parts])]
}

export function sign(keys: Keyring, purpose: string, parts: readonly unknown[]): string {
  return owtSignature(keys[0], canonical(purpose, parts))
}

export function verify(keys: Keyring, purpose: string, parts: readonly unknown[], signature: string): boolean {
  const text = canonical(purpose, parts)
  // tries every key, so that the time does not reveal which one signed
  return keys.map((key) => equal(owtSignature(key, text), signature)).includes(true)
}

/** Compares in a time that does not depend on where two texts differ. */
export function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** Standard base64 of JSON in ASCII: OWT's client libraries decode it byte by byte as Latin-1. */
export function encodeAscii(value: object): string {
  const json = JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return Buffer.from(json).toString('base64')
}

/** @throws SyntaxError: not base64 of JSON; TypeError: not an object */
export function decodeObject(text: unknown): { [field: string]: unknown } {
  if (typeof text !== 'string') throw new TypeError('Expected a string')
  const value: unknown = JSON.parse(Buffer.from(text, 'base64').toString())
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('Expected an object')
  return value as { [field: string]: unknown }
}
