import { Check } from 'typebox/value'
import { expect, test } from 'vitest'
import { isName, isRole } from '../../../src/core/names.ts'
import { Name } from '../../../src/protocol/names.ts'
import { invisibleNames } from '../../integration/invisible-names.ts'

const good: [string, string][] = [
  ['a letter', 'a'],
  ['a digit', '0'],
  ['punctuation', '.'],
  ['a symbol', '€'],
  ['letters of other scripts', 'Zoë محمد 山田 नमस्ते'],
  ['an emoji of several characters', '👨‍👩‍👧‍👦'],
  ['a flag and a heart with variation selectors', '🇪🇺 ❤️'],
  ['a letter from a base and a mark', 'e\u0301'],
  ['a word with a non-joiner', 'می\u200cخواهم'],
  ['a word between marks of direction', '\u200fא\u200f'],
  ['white space around letters', ' a b\u00a0'],
  ['256 characters of two units each', '𝄞'.repeat(256)],
]

const bad: [string, string][] = [
  ...invisibleNames,
  ['nothing', ''],
  ['a letter and a control character', 'a\u001b[2J'],
  ['a letter and a line break', 'a\nb'],
  ['a letter and a line separator', 'a\u2028'],
  ['half of a surrogate pair', 'a\ud800'],
  ['257 characters', 'a'.repeat(257)],
  ['257 characters of two units each', '𝄞'.repeat(257)],
]

test.each(good)('%s is a valid name in tokens and schemas', (_what, text) => {
  expect([isName(text), Check(Name(256), text)]).toEqual([true, true])
})

test.each(bad)('%s is not a valid name in tokens and schemas', (_what, text) => {
  expect([isName(text), Check(Name(256), text)]).toEqual([false, false])
})

test('a role has at most 64 characters', () => {
  expect(['presenter', '𝄞'.repeat(64)].every(isRole)).toBe(true)
  expect(['', 'x'.repeat(65), '𝄞'.repeat(65), '\udc00'].some(isRole)).toBe(false)
})
