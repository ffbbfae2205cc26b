import { expect, test } from 'vitest'
import { firstCharacters, wellFormed } from '../../../src/core/text.ts'

test('half of a surrogate pair becomes the replacement character, in values and keys at any depth', () => {
  const value = { 'k\ud800': ['a', { deep: 'x\udc00', number: 1, none: null, yes: true }], whole: '🎧' }
  expect(wellFormed(value)).toEqual({
    'k\ufffd': ['a', { deep: 'x\ufffd', number: 1, none: null, yes: true }],
    whole: '🎧',
  })
  expect(wellFormed('\ud83d')).toBe('\ufffd')
})

test('a value that is well-formed is returned itself', () => {
  const value = { a: ['🎧', { b: Buffer.from([0xd8, 0x00]) }], n: Number.NaN }
  expect(wellFormed(value)).toBe(value)
})

test('bytes next to a text that is not well-formed stay unchanged', () => {
  const bytes = Buffer.from([1, 2, 3])
  expect(wellFormed({ bytes, text: '\ud800' }).bytes).toBe(bytes)
})

test('a key __proto__ stays an ordinary key', () => {
  const value = wellFormed(JSON.parse('{"__proto__":{"x":"\\ud800"}}'))
  expect(JSON.stringify(value)).toBe('{"__proto__":{"x":"\ufffd"}}')
  expect(value.x).toBeUndefined()
})

test.each([
  [`${'x'.repeat(63)}🎧`, 64, `${'x'.repeat(63)}🎧`],
  [`${'x'.repeat(64)}🎧`, 64, 'x'.repeat(64)],
  ['🎧'.repeat(70), 64, '🎧'.repeat(64)],
  ['x🎧'.repeat(70), 3, 'x🎧x'],
  ['a\ud800b', 2, 'a\ufffd'],
  ['', 64, ''],
])('the first characters of %s are whole ones', (text, count, expected) => {
  expect(firstCharacters(text, count)).toBe(expected)
})
