/**
 * Makes all strings in a value well-formed, keys included: half of a surrogate pair becomes U+FFFD, as in UTF-8 encoders. JSON
 * can contain such a half as an escape, which cjson in Redis scripts cannot read. Returns a well-formed value itself. Bytes stay
 * unchanged.
 */
export function wellFormed<T>(value: T): T {
  return formed(value) as T
}

function formed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  if (isWellFormed(value)) return value
  if (Array.isArray(value)) return value.map(formed)
  // assignment to a key `__proto__` would set the prototype
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

/** The first characters (code points) of a text. */
export function firstCharacters(text: string, count: number): string {
  return Array.from(text.slice(0, count * 2).toWellFormed())
    .slice(0, count)
    .join('')
}
