/** Reads the next part of a long-polling payload. Returns the packets so far; undefined if the payload is invalid. */
export type PacketCounter = (part: string | Buffer) => number | undefined

/** The maximum digits of a packet's length. */
const maxDigits = 10

/** Counts the packets of a payload while it arrives, without decoding them. @param revision of Engine.IO's protocol */
export function packetCounter(revision: number): PacketCounter {
  if (revision === 4) return separated()
  const [text, binary] = [lengths(readText), lengths(readBytes)]
  return (part) => (typeof part === 'string' ? text(part) : binary(part))
}

/** Revision 4: a record separator between packets. */
function separated(): PacketCounter {
  let packets = 1
  return (part) => {
    for (let at = part.indexOf('\x1e'); at >= 0; at = part.indexOf('\x1e', at + 1)) packets += 1
    return packets
  }
}

/** The state of a payload of revision 3 between two parts. `skip`: bytes of the present packet that have not arrived yet. */
type Walk = { packets: number; digits: string; skip: number }

/** Reads the length at index `at`. @returns the index after it; undefined if it is invalid */
type ReadLength<Part> = (part: Part, at: number, walk: Walk) => number | undefined

/** Revision 3: its length before each packet. */
function lengths<Part extends { length: number }>(readLength: ReadLength<Part>): (part: Part) => number | undefined {
  const walk: Walk = { packets: 0, digits: '', skip: 0 }
  return (part) => {
    let at = 0
    while (at < part.length) {
      const skipped = Math.min(walk.skip, part.length - at)
      walk.skip -= skipped
      at += skipped
      if (at === part.length) break
      const after = readLength(part, at, walk)
      if (after === undefined) return undefined
      at = after
    }
    return walk.packets
  }
}

/** `5:hello`: digits, a colon, the characters. */
function readText(part: string, at: number, walk: Walk): number | undefined {
  const colon = part.indexOf(':', at)
  const end = colon < 0 ? part.length : colon
  if (end - at + walk.digits.length > maxDigits) return undefined
  walk.digits += part.slice(at, end)
  if (colon < 0) return end
  return beginPacket(walk) ? colon + 1 : undefined
}

/** 0 for text or 1 for binary, the digits as bytes 0 to 9, 255, the data. */
function readBytes(part: Buffer, at: number, walk: Walk): number | undefined {
  const byte = part[at] as number
  if (byte === 255) {
    walk.digits = walk.digits.slice(1)
    return beginPacket(walk) ? at + 1 : undefined
  }
  if (byte > (walk.digits === '' ? 1 : 9) || walk.digits.length > maxDigits) return undefined
  walk.digits += byte
  return at + 1
}

function beginPacket(walk: Walk): boolean {
  if (!/^\d+$/.test(walk.digits)) return false
  walk.packets += 1
  walk.skip = Number(walk.digits)
  walk.digits = ''
  return true
}
