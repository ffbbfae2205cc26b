import type { Socket as EngineSocket } from 'engine.io'
import { type LegacyPacket, type LegacyParser, type TakeLegacyPacket, transportOf } from './engine-internals.ts'

/** The digits of the longest length, and the terminating 255. */
const maxLengthDigits = 11

const parseError: LegacyPacket = { type: 'error', data: 'parser error' }

/**
 * Replaces the decoder for binary payloads of revision 3 of Engine.IO's protocol. Engine.IO's own decoder concatenates characters one
 * by one, which takes 2 s for a payload of 4 MB.
 */
export function decodeLegacyPayloads(engine: EngineSocket): void {
  const polling = transportOf(engine)
  if (engine.protocol !== 3 || polling.name !== 'polling') return
  const { parser } = polling
  const decodePayload: LegacyParser['decodePayload'] = (data, take) =>
    typeof data === 'string' ? parser.decodePayload(data, take) : decodeBinary(data, parser, take)
  polling.parser = { ...parser, decodePayload }
}

/** Each packet: 0 for text or 1 for binary, the digits of the length as bytes 0 to 9, 255, the data. */
function decodeBinary(payload: Buffer, parser: LegacyParser, take: TakeLegacyPacket): void {
  for (let at = 0; at < payload.length; ) {
    const digits = payload.subarray(at + 1, at + 1 + maxLengthDigits)
    const end = at + 1 + digits.indexOf(255)
    const length = Number(payload.subarray(at + 1, end).join(''))
    const next = end + 1 + length
    if (end <= at + 1 || !Number.isSafeInteger(length) || next > payload.length) {
      take(parseError, 0, 1)
      return
    }
    const data = payload.subarray(end + 1, next)
    const packet = parser.decodePacket(payload[at] === 0 ? data.toString() : data)
    if (take(packet, next, payload.length) === false) return
    at = next
  }
}
