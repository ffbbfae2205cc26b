import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeObject, encodeAscii, equal, owtSignature, sign, verify } from '../../../../src/core/auth/keyring.ts'

describe('OWT signatures (docs/owt.md#signatures)', () => {
  const vectors: [name: string, parts: string[], signature: string][] = [
    [
      'login token',
      ['tok1', 'portal.example:8080', 'undefined'],
      'ZWMxYjE4ZGY3NGU0NTY3ZDMyYTczODYzZDk4Y2IzNjQxZmY2ZmZhMTcwMmQyNmQ2ZTdlZWE3MjU2ZWVhOTAyNw==',
    ],
    [
      'reconnection ticket',
      ['p1', '1000', '2000'],
      'ZjI4ZDQzYWIwMWNmZjc1ZjQ4YzM1OTdhYWU4YmRjMzg0YWJmYWIyNmVhNDFiNGZjZDkxYjc3YmI1YzE5ZDIxNQ==',
    ],
    [
      'management request',
      ['1406079112038', '87428'],
      'NmM4YzViNTJmNmRmOGNjNWJiYzA2N2UzYjQ4ZTg3ZWRmYjhiMTc2Y2E5MDI1OGY2MDRjOTU5MDdhNjYxMmY4OA==',
    ],
  ]
  test.each(vectors)('%s', (_, parts, signature) => {
    expect(owtSignature('k', parts)).toBe(signature)
  })
})

describe('keys', () => {
  const [old, new_, other] = ['old '.repeat(8), 'new '.repeat(8), 'other '.repeat(6)]

  test('the first key signs, and all keys verify', () => {
    const signature = sign([new_, old], 'ticket', ['p1', 7])
    expect(signature).toBe(sign([new_], 'ticket', ['p1', 7]))
    expect(verify([new_], 'ticket', ['p1', 7], signature)).toBe(true)
    expect(verify([other, new_], 'ticket', ['p1', 7], signature)).toBe(true)
    expect(verify([new_, old], 'ticket', ['p1', 7], sign([old], 'ticket', ['p1', 7]))).toBe(true)
  })

  test('another key, purpose, part or signature does not verify', () => {
    const signature = sign([old], 'ticket', ['p1', 7])
    expect(verify([other, new_], 'ticket', ['p1', 7], signature)).toBe(false)
    expect(verify([old], 'token', ['p1', 7], signature)).toBe(false)
    expect(verify([old], 'ticket', ['p1', 8], signature)).toBe(false)
    expect(verify([old], 'ticket', ['p1', '7'], signature)).toBe(false)
    expect(verify([old], 'ticket', ['p1', 7], signature.slice(0, -1))).toBe(false)
    expect(verify([old], 'ticket', ['p1', 7], `${signature} `)).toBe(false)
    expect(verify([old], 'ticket', ['p1', 7], '')).toBe(false)
  })

  test('two different lists of parts have different signatures', () => {
    const lists = [['a,b'], ['a', 'b'], ['a', 'b', ''], [['a', 'b']], ['"a","b"'], [null], ['null'], [undefined, 'x']]
    expect(new Set(lists.map((parts) => sign([old], 'x', parts))).size).toBe(lists.length)
  })

  test('equal compares whole texts', () => {
    expect(equal('añb', 'añb')).toBe(true)
    expect(equal('', '')).toBe(true)
    for (const [a, b] of [
      ['a', 'b'],
      ['a', 'ab'],
      ['ab', 'a'],
      ['é', 'e'],
      ['é', 'ab'],
    ] as const) {
      expect(equal(a, b)).toBe(false)
    }
  })
})

describe('base64 of ASCII JSON', () => {
  const anyText = fc.string({ unit: 'binary' })

  test('any text survives encoding, and the encoding is ASCII', () => {
    fc.assert(
      fc.property(fc.dictionary(anyText, anyText), (fields) => {
        const text = encodeAscii(fields)
        expect(text).toMatch(/^[A-Za-z0-9+/]+=*$/)
        // OWT's client libraries decode it byte by byte as Latin-1
        const bytes = Buffer.from(text, 'base64')
        expect(bytes.every((byte) => byte < 128)).toBe(true)
        expect(Object.entries(JSON.parse(bytes.toString('latin1')))).toEqual(Object.entries(fields))
        expect(Object.entries(decodeObject(text))).toEqual(Object.entries(fields))
      }),
    )
  })

  test.each([undefined, null, 7, true, {}, [], Symbol('x')])('%s is not a text', (text) => {
    expect(() => decodeObject(text)).toThrow(TypeError)
  })

  test.each(['null', '7', '"text"', '[]', '[{}]', 'true'])('%s is not an object', (json) => {
    expect(() => decodeObject(Buffer.from(json).toString('base64'))).toThrow('Expected an object')
  })

  test.each(['', '!', 'not base64', Buffer.from('{"a":').toString('base64'), '%%%%'])('"%s" is not JSON', (text) => {
    expect(() => decodeObject(text)).toThrow(SyntaxError)
  })
})
