import { expect, test } from 'vitest'
import { FrameCounter } from '../../../src/gateway/limits/frame-counter.ts'
import { frameOf, opcodes } from '../../support/abuse/raw-web-socket.ts'
import { Random } from '../../support/random.ts'

const long = (payload: Buffer) => {
  const header = Buffer.from([opcodes.lastText, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  header.writeBigUInt64BE(BigInt(payload.length), 2)
  return Buffer.concat([header, payload])
}

const frames = [
  frameOf(opcodes.ping),
  frameOf(opcodes.pong, 'x'.repeat(125)),
  frameOf(opcodes.text),
  frameOf(opcodes.continuation, 'x'),
  frameOf(opcodes.lastText, 'x'.repeat(126)),
  frameOf(opcodes.lastText, 'x'.repeat(65_535)),
  long(Buffer.alloc(70_000)),
  frameOf(opcodes.close),
]

test('a frame of any opcode and length counts once, at whatever byte the reads end', () => {
  const random = new Random(1)
  const bytes = Buffer.concat([...frames, ...frames, ...frames])
  for (let round = 0; round < 50; round += 1) {
    const counter = new FrameCounter()
    let counted = 0
    for (let at = 0; at < bytes.length; ) {
      const size = 1 + Math.floor(random.next() * (random.chance(0.5) ? 12 : 100_000))
      counted += counter.count(bytes.subarray(at, at + size))
      at += size
    }
    expect(counted).toBe(frames.length * 3)
  }
})

test('a frame that arrives byte by byte counts when its header is complete', () => {
  const counter = new FrameCounter()
  const counts = [...frameOf(opcodes.lastText, 'x'.repeat(126))].map((byte) => counter.count(Buffer.from([byte])))
  expect(counts.indexOf(1)).toBe(7)
  expect(counts.filter((count) => count > 0)).toEqual([1])
})
