/**
 * A value with every text in it well-formed, keys too: half of a surrogate pair becomes U+FFFD, as in whatever encodes it
 * as UTF-8. JSON can carry such a half as an escape, but the JSON of Redis' scripts cannot read it. A value that is
 * well-formed already is returned itself. Bytes stay as they are.
 */
export function wellFormed<T>(value: T): T {
  return formed(value) as T
}

function formed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  if (isWellFormed(value)) return value
  if (Array.isArray(value)) return value.map(formed)
  // not by assignment, which takes a key `__proto__` for the prototype
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key.toWellFormed(), formed(item)]))
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return true
  if (Array.isArray(value)) return value.every(isWellFormed)
  for (const key in value) {
    if (!key.isWellFormed() || !isWellFormed((value as { [key: string]: unknown })[key])) return false
  }
  return true
}

/** The first characters of a text: whole ones, of which some take two units in JavaScript. */
export function firstCharacters(text: string, count: number): string {
  return Array.from(text.slice(0, count * 2).toWellFormed())
    .slice(0, count)
    .join('')
}
