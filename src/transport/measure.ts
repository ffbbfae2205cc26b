/** How deep a client's data may nest. Far above any request of ours, far below what recursion or Lua's JSON can take. */
export const deepest = 32

/**
 * Whether data is within bounds, without recursion and without looking further than need be.
 * @returns 'too_deep', 'too_large' (more than `bytes`, estimated from its text), or undefined
 */
export function excessOf(data: unknown, bytes: number): 'too_deep' | 'too_large' | undefined {
  let left = bytes
  let level: unknown[] = [data]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > deepest) return 'too_deep'
    const next: unknown[] = []
    for (const value of level) {
      left -= weigh(value, next)
      if (left < 0) return 'too_large'
    }
    level = next
  }
  return undefined
}

function weigh(value: unknown, inner: unknown[]): number {
  if (typeof value === 'string') return Buffer.byteLength(value) + 2
  if (typeof value !== 'object' || value === null) return 4
  if (ArrayBuffer.isView(value)) return value.byteLength
  if (Array.isArray(value)) {
    for (const item of value) inner.push(item)
    return value.length + 2
  }
  let weight = 2
  for (const [key, item] of Object.entries(value)) {
    weight += key.length + 4
    inner.push(item)
  }
  return weight
}
