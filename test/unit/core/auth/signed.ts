import { expect, test } from 'vitest'
import { decodeObject, encodeAscii, type Keyring } from '../../../../src/core/auth/keyring.ts'
import type { ErrorCode } from '../../../../src/core/errors.ts'

export const [keys, otherKeys]: [Keyring, Keyring] = [
  ['a key of this service '.repeat(2)],
  ['a key of another service '.repeat(2)],
]

export function refusal(act: () => unknown): { code: ErrorCode; detail: string } {
  try {
    act()
  } catch (error) {
    return error as { code: ErrorCode; detail: string }
  }
  throw new Error('The text was accepted')
}

/** Tests for every signed text that a client sends back: login tokens and tickets. */
export function describeSigned(signed: {
  text: string
  read: (keys: Keyring, text: unknown) => object
  unreadable: ErrorCode
  forged: ErrorCode[]
}): void {
  const { text, read, unreadable, forged } = signed
  const fields = decodeObject(text)
  const whole = read(keys, text)

  test('every field is signed', () => {
    const changes = Object.entries(fields).flatMap(([name, value]) => [
      { ...fields, [name]: typeof value === 'number' ? value + 1 : typeof value === 'boolean' ? !value : `${value}x` },
      { ...fields, [name]: '' },
      { ...fields, [name]: null },
      { ...fields, [name]: [value] },
      Object.fromEntries(Object.entries(fields).filter(([other]) => other !== name)),
    ])
    for (const change of changes) expect(forged).toContain(refusal(() => read(keys, encodeAscii(change))).code)
  })

  test('a signature by another key is refused', () => {
    expect(refusal(() => read(otherKeys, text)).code).toBe(forged[0])
    expect(read([...otherKeys, ...keys], text)).toEqual(whole)
  })

  test('a truncated text is refused or has the same content', () => {
    for (let length = 0; length < text.length; length += 1) {
      const part = text.slice(0, length)
      if (Buffer.from(part, 'base64').equals(Buffer.from(text, 'base64'))) expect(read(keys, part)).toEqual(whole)
      else expect(refusal(() => read(keys, part)).code).toBe(unreadable)
    }
  })

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['an object', fields],
    ['an array', [text]],
    ['an empty text', ''],
    ['garbage', '\u0000\uffff'],
    ['base64 of null', Buffer.from('null').toString('base64')],
    ['base64 of an array', Buffer.from('[]').toString('base64')],
  ])('%s is refused with what is wrong with it', (_, input) => {
    const { code, detail } = refusal(() => read(keys, input))
    expect(code).toBe(unreadable)
    expect(detail).not.toBe('')
  })
}
