import type { Socket as EngineSocket } from 'engine.io'

type LegacyPacket = { type?: string; data?: unknown }
type Take = (packet: LegacyPacket, index: number, total: number) => unknown

/** The parser of a long-polling transport, which Engine.IO's types keep private. */
type Parser = {
  decodePacket(data: string | Buffer): LegacyPacket
  decodePayload(data: string | Buffer, take: Take): unknown
}

/** The digits of the longest length, and the 255 after them. */
const maxLengthDigits = 11

const parseError: LegacyPacket = { type: 'error', data: 'parser error' }

/**
 * Decodes binary payloads of clients that speak revision 3 of Engine.IO's protocol. Its own decoder puts their text
 * together character by character: 2 s for a payload of 4 MB.
 */
export function decodeLegacyPayloads({ protocol, transport }: EngineSocket): void {
  const polling = transport as unknown as { name: string; parser: Parser }
  if (protocol !== 3 || polling.name !== 'polling') return
  const { parser } = polling
  const decodePayload: Parser['decodePayload'] = (data, take) =>
    typeof data === 'string' ? parser.decodePayload(data, take) : decodeBinary(data, parser, take)
  polling.parser = { ...parser, decodePayload }
}

/** 0 for text or 1 for binary, the digits of a length as numbers, 255, as many bytes; and so on. */
function decodeBinary(payload: Buffer, parser: Parser, take: Take): void {
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
