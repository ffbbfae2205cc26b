const emptyBuffer = Buffer.alloc(0)

/** The header length of a client's frame, bytes, mask included, by its 7-bit length field (RFC 6455 5.2). */
const headerBytesOf = (length: number) => (length < 126 ? 6 : length === 126 ? 8 : 14)

/**
 * Counts the frames in what a WebSocket client sends, of every opcode: ws does not report fragments, nor how many frames
 * one read brought. It validates nothing: ws closes the connection on an invalid frame.
 */
export class FrameCounter {
  /** Bytes of the last frame's payload that have not arrived yet. */
  #payload = 0
  /** The part of a frame's header that came with the last read. */
  #header = emptyBuffer

  /** The number of frame headers that these bytes complete. */
  count(read: Buffer): number {
    const bytes = this.#header.length > 0 ? Buffer.concat([this.#header, read]) : read
    let frames = 0
    let at = this.#payload
    while (at + 2 <= bytes.length) {
      const length = (bytes[at + 1] as number) & 0x7f
      const start = at + headerBytesOf(length)
      if (start > bytes.length) break
      at = start + payloadBytesOf(bytes, at, length)
      frames += 1
    }
    this.#payload = Math.max(0, at - bytes.length)
    // a copy: a slice would keep the whole read in memory
    this.#header = at < bytes.length ? Buffer.from(bytes.subarray(at)) : emptyBuffer
    return frames
  }
}

function payloadBytesOf(bytes: Buffer, at: number, length: number): number {
  if (length < 126) return length
  return length === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
}
