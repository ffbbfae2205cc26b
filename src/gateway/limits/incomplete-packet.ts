import type { Socket as EngineSocket } from 'engine.io'
import type { EnginePacket } from '../engine-internals.ts'

/** How long a packet's attachments may take from its first part to its last, ms: as long as an HTTP request. */
export const packetTimeoutMs = 30_000

/** How many times larger than its text the parsed JSON of a packet can be. */
const parsedFactor = 16

export type IncompletePacketEvents = {
  /** More of it has arrived. */
  grown: (bytes: number) => void
  /** It is not complete in time. */
  late: () => void
}

/**
 * A Socket.IO packet of one client that announced attachments, of which some are still to come: Socket.IO keeps the
 * packet and the attachments that it has, however large they are and however long the others take.
 */
export class IncompletePacket {
  readonly #events: IncompletePacketEvents
  #missing = 0
  #bytes = 0
  #timer: NodeJS.Timeout | undefined

  constructor(engine: EngineSocket, events: IncompletePacketEvents) {
    this.#events = events
    engine.on('packet', (packet: EnginePacket) => this.#arrived(packet))
    engine.once('close', () => this.#reset())
  }

  get bytes(): number {
    return this.#bytes
  }

  #arrived(packet: EnginePacket): void {
    const { type, data } = packet
    if (type !== 'message' || data === undefined) return
    if (typeof data === 'string') this.#begin(data)
    else {
      packet.data = compact(data)
      if (this.#missing !== 0) this.#attach(data.length)
    }
  }

  #begin(text: string): void {
    this.#missing = attachmentsOf(text)
    if (this.#missing === 0) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#events.late, packetTimeoutMs).unref()
    this.#grow(text.length * parsedFactor)
  }

  #attach(length: number): void {
    this.#missing -= 1
    if (this.#missing === 0) this.#reset()
    else this.#grow(length)
  }

  #grow(bytes: number): void {
    this.#bytes += bytes
    this.#events.grown(bytes)
  }

  #reset(): void {
    clearTimeout(this.#timer)
    this.#missing = 0
    this.#bytes = 0
  }
}

/**
 * A binary event (5) or ack (6) begins with the number of its attachments. Read as socket.io-parser reads it: it takes
 * every text that JavaScript takes for a number, and waits for ever for half an attachment.
 */
function attachmentsOf(text: string): number {
  if (!text.startsWith('5') && !text.startsWith('6')) return 0
  const end = text.indexOf('-')
  const attachments = end === -1 ? Number.NaN : Number(text.slice(1, end))
  return Number.isNaN(attachments) ? 0 : attachments // Socket.IO closes the connection
}

/** A copy, where a few bytes would keep the whole chunk in memory that was read with them. */
function compact(data: Buffer): Buffer {
  if (data.buffer.byteLength <= data.length * 2) return data
  const copy = Buffer.allocUnsafeSlow(data.length)
  data.copy(copy)
  return copy
}
