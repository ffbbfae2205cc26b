import { EventEmitter } from 'node:events'
import type { Socket as EngineSocket } from 'engine.io'
import { Decoder } from 'socket.io-parser'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { IncompletePacket, packetTimeoutMs } from '../../../src/gateway/limits/incomplete-packet.ts'

let engine: EventEmitter
let packet: IncompletePacket
let late: number

beforeEach(() => {
  vi.useFakeTimers()
  engine = new EventEmitter()
  late = 0
  packet = new IncompletePacket(engine as EngineSocket, { grown: () => {}, late: () => (late += 1) })
})
afterEach(() => {
  vi.useRealTimers()
})

const send = (data: string | Buffer) => {
  const sent = { type: 'message', data }
  engine.emit('packet', sent)
  return sent
}

test('attachments count until the last one has arrived', () => {
  send('53-["text",{"_placeholder":true,"num":0}]')
  const before = packet.bytes
  expect(before).toBeGreaterThan(0)
  send(Buffer.alloc(1000))
  send(Buffer.alloc(500))
  expect(packet.bytes).toBe(before + 1500)
  send(Buffer.alloc(1))
  expect(packet.bytes).toBe(0)
  vi.advanceTimersByTime(packetTimeoutMs)
  expect(late).toBe(0)
})

test('the JSON of a packet counts with its largest size after parsing', () => {
  send(`51-["text",${'[],'.repeat(1000)}0]`)
  expect(packet.bytes).toBeGreaterThan(30_000)
})

test('a packet that is incomplete after the timeout is late, even if other packets arrive meanwhile', () => {
  send('62-/rooms,7["x"]')
  vi.advanceTimersByTime(packetTimeoutMs - 1)
  send(Buffer.alloc(1))
  engine.emit('packet', { type: 'pong' })
  expect(late).toBe(0)
  vi.advanceTimersByTime(1)
  expect(late).toBe(1)
})

test.each(['5+3-', '50x3-', '53.0-', '53e0-', '5 3-', '5000000000003-'])(
  'a number of attachments that only a lenient parser reads (%s) counts',
  (prefix) => {
    expect(new Decoder().add(`${prefix}["text",{"_placeholder":true,"num":0}]`)).toBeUndefined() // socket.io-parser waits for the attachments
    send(`${prefix}["text",{"_placeholder":true,"num":0}]`)
    const before = packet.bytes
    send(Buffer.alloc(1000))
    expect(packet.bytes).toBe(before + 1000)
    vi.advanceTimersByTime(packetTimeoutMs)
    expect(late).toBe(1)
  },
)

test('packets without attachments do not count', () => {
  for (const data of ['2["text"]', '0{"token":"x"}', '50-["text"]', '5x', '']) send(data)
  send(Buffer.alloc(10))
  expect(packet.bytes).toBe(0)
  vi.advanceTimersByTime(packetTimeoutMs * 2)
  expect(late).toBe(0)
})

test('a packet of a closed connection is never late', () => {
  send('51-["text"]')
  engine.emit('close')
  vi.advanceTimersByTime(packetTimeoutMs)
  expect([late, packet.bytes]).toEqual([0, 0])
})

test('a small attachment is copied, so that the chunk in which it was read is not kept in memory', () => {
  const chunk = Buffer.alloc(65_536, 'x')
  send('52-["text"]')
  const { data } = send(chunk.subarray(100, 104))
  expect(String(data)).toBe('xxxx')
  expect((data as Buffer).buffer.byteLength).toBe(4)
  expect(send(chunk).data).toBe(chunk)
})
