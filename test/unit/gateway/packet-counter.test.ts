import { encodePayload } from 'engine.io-parser'
import { describe, expect, test } from 'vitest'
import { packetCounter } from '../../../src/gateway/limits/packet-counter.ts'

const pieces = <Part extends string | Buffer>(payload: Part, size: number): Part[] =>
  Array.from({ length: Math.ceil(payload.length / size) }, (_, n) => payload.slice(n * size, (n + 1) * size) as Part)

function count(revision: number, payload: string | Buffer, size: number): number | undefined {
  const counter = packetCounter(revision)
  let packets: number | undefined
  for (const piece of pieces(payload, size)) {
    packets = counter(piece)
    if (packets === undefined) return undefined
  }
  return packets
}

const binary = (kind: 0 | 1, data: string) =>
  Buffer.concat([Buffer.from([kind, ...[...String(Buffer.byteLength(data))].map(Number), 255]), Buffer.from(data)])

describe.each([1, 2, 7, 10_000])('in pieces of %i', (size) => {
  test('revision 4: packets are counted by their separators', () => {
    let payload = ''
    encodePayload(
      [{ type: 'message', data: '2["a"]' }, { type: 'pong' }, { type: 'message', data: Buffer.from('x') }],
      (text) => {
        payload = text
      },
    )
    expect(count(4, payload, size)).toBe(3)
    expect(count(4, '4', size)).toBe(1)
    expect(count(4, '\x1e\x1e', size)).toBe(3)
  })

  test('revision 3: packets are counted by their lengths, whatever they contain', () => {
    expect(count(3, '6:42[":"1:310:b4AQIDBAUG', size)).toBe(3)
    expect(count(3, '0:0:0:', size)).toBe(3)
    expect(count(3, Buffer.concat([binary(0, '42["1:2:3:"]'), binary(1, 'x'.repeat(300)), binary(0, '3')]), size)).toBe(
      3,
    )
  })

  test('revision 3: the count of an invalid payload is undefined', () => {
    expect(count(3, 'x:', size)).toBeUndefined()
    expect(count(3, ':', size)).toBeUndefined()
    expect(count(3, '1'.repeat(100), size)).toBeUndefined()
    expect(count(3, Buffer.from([0, 255, 1]), size)).toBeUndefined()
    expect(count(3, Buffer.from([2, 1, 255, 1]), size)).toBeUndefined()
    expect(count(3, Buffer.from([1, 10, 255, 1]), size)).toBeUndefined()
    expect(count(3, Buffer.alloc(100, 1), size)).toBeUndefined()
  })
})
