import type { Socket as EngineSocket } from 'engine.io'
import type { EnginePacket } from '../engine-internals.ts'

/** How long the attachments of a packet may take, ms: as long as an HTTP request. */
export const packetTimeoutMs = 30_000

/** The largest ratio of a packet's parsed JSON in memory to its text. */
const parsedFactor = 16

export type IncompletePacketEvents = {
  /** More bytes of it have arrived. */
  grown: (bytes: number) => void
  /** It is still incomplete after the timeout. */
  late: () => void
}

/**
 * The Socket.IO packet of one client whose attachments have not all arrived. Socket.IO keeps the packet and the attachments that it
 * has, without a limit of size or time.
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
 * The number of attachments, with which a binary event (5) or ack (6) begins. It reads the number as socket.io-parser does, which
 * accepts every number of JavaScript, and waits forever for half an attachment.
 */
function attachmentsOf(text: string): number {
  if (!text.startsWith('5') && !text.startsWith('6')) return 0
  const end = text.indexOf('-')
  const attachments = end === -1 ? Number.NaN : Number(text.slice(1, end))
  return Number.isNaN(attachments) ? 0 : attachments // Socket.IO closes the connection of such a packet
}

/** A copy, if the data is small compared with the chunk in which it was read: a slice would keep the chunk in memory. */
function compact(data: Buffer): Buffer {
  if (data.buffer.byteLength <= data.length * 2) return data
  const copy = Buffer.allocUnsafeSlow(data.length)
  data.copy(copy)
  return copy
}
