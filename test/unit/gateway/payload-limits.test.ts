import fc from 'fast-check'
import { expect, test } from 'vitest'
import { maxDepth, measure } from '../../../src/gateway/limits/payload-limits.ts'

const excessOf = (data: unknown, bytes: number) => measure(data, bytes).excess

const nested = (levels: number, leaf: unknown = 0): unknown => {
  let value = leaf
  for (let level = 0; level < levels; level += 1) value = level % 2 ? [value] : { x: value }
  return value
}

test('the size of a text is its bytes in UTF-8', () => {
  expect(excessOf(['x'.repeat(1000)], 1010)).toBeUndefined()
  expect(excessOf(['x'.repeat(1000)], 1000)).toBe('too_large')
  expect(excessOf(['€'.repeat(1000)], 2000)).toBe('too_large')
})

test.each<[string, unknown]>([
  ['a long list', new Array(1000).fill(0)],
  ['a list with holes', new Array(2000)],
  ['many keys', Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`k${index}`, null]))],
  ['long keys', { ['k'.repeat(2000)]: 1 }],
  ['keys whose characters take several bytes', { ['€'.repeat(400)]: 1 }],
])('%s: `too_large` above the limit', (_name, value) => {
  expect(excessOf([value], 1000)).toBe('too_large')
  expect(excessOf([value], 100_000)).toBeUndefined()
})

test.each<[string, unknown]>([
  ['bytes', Buffer.alloc(2000)],
  ['a typed array', new Float64Array(250)],
  ['an ArrayBuffer', new ArrayBuffer(2000)],
  ['bytes in something', { a: [{ b: new Uint8Array(2000) }, 'more'] }],
])('%s: `too_large` above the limit, `binary` below it', (_name, value) => {
  expect(excessOf([value], 1000)).toBe('too_large')
  expect(excessOf([value], 100_000)).toBe('binary')
})

test('data nested deeper than `maxDepth` is `too_deep`, whatever its size', () => {
  expect(excessOf(nested(maxDepth), 10_000)).toBeUndefined()
  expect(excessOf(nested(maxDepth + 1), 10_000)).toBe('too_deep')
  expect(excessOf([nested(100_000)], 1e9)).toBe('too_deep')
})

test('measuring stops at the limit: a wide value is `too_large`', () => {
  const wide = Array.from({ length: 1000 }, () => new Array(1000).fill('x'))
  expect(excessOf(wide, 100)).toBe('too_large')
})

test.each([undefined, null, 0, true, '', [], {}, Number.NaN, 1n, Symbol.iterator, () => {}])(
  '%s is within the limits',
  (value) => {
    expect(excessOf([value], 100)).toBeUndefined()
  },
)

test('any JSON far above the limit is `too_large`, and any far below is within the limits', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 8 }), fc.integer({ min: 1, max: 500 }), (value, bytes) => {
      const size = Buffer.byteLength(JSON.stringify(value))
      const excess = excessOf(value, bytes)
      if (size * 4 + 4 <= bytes) expect(excess).toBeUndefined()
      if (size > bytes * 6 + 24) expect(excess).toBe('too_large')
    }),
  )
})

test('`heapBytes` estimates the memory of V8, not the size of the text', () => {
  const heapOf = (value: unknown) => measure(value, 1e9).heapBytes
  expect(heapOf('x'.repeat(1000))).toBeLessThan(1100)
  expect(heapOf('€'.repeat(1000))).toBeGreaterThan(2000)
  expect(heapOf(Array.from({ length: 1000 }, () => []))).toBeGreaterThan(32_000)
  expect(heapOf(Array.from({ length: 1000 }, (_, n) => ({ [`key ${n}`]: 0 })))).toBeGreaterThan(100_000)
  expect(heapOf(Buffer.alloc(1000))).toBeGreaterThan(1000)
})
