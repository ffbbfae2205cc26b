/** The maximum nesting of a client's data: far above any request, far below the limits of recursion and of Lua's JSON. */
export const maxDepth = 32

/**
 * 'too_large': more than the permitted bytes, estimated from the JSON text. 'binary': it contains binary values, which Socket.IO
 * passes beside the JSON. A room's log is JSON and cannot store them.
 */
export type Excess = 'too_deep' | 'too_large' | 'binary' | undefined
export type Measured = { excess: Excess; heapBytes: number }

/**
 * Measures data without recursion, and stops at the first excess. `heapBytes` estimates its size in V8's heap: `[[],[],…]` takes
 * ten times its text. With an excess `heapBytes` has no meaning.
 * @param bytes the maximum of the JSON text
 */
export function measure(data: unknown, bytes: number): Measured {
  const sum = { textBytes: 0, heapBytes: 0, binary: false }
  let level: unknown[] = [data]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) return { excess: 'too_deep', heapBytes: sum.heapBytes }
    const next: unknown[] = []
    for (const value of level) {
      weigh(value, next, sum)
      if (sum.textBytes > bytes) return { excess: 'too_large', heapBytes: sum.heapBytes }
    }
    level = next
  }
  return { excess: sum.binary ? 'binary' : undefined, heapBytes: sum.heapBytes }
}

/** The bytes that V8 uses for each value besides its contents. An object may have a hidden class of its own. */
const stringBytes = 24
const arrayBytes = 40
const slotBytes = 8
const numberBytes = 16
const objectBytes = 120
const propertyBytes = 40
const viewBytes = 200

type Sum = { textBytes: number; heapBytes: number; binary: boolean }

function weigh(value: unknown, inner: unknown[], sum: Sum): void {
  if (typeof value === 'string') weighText(value, sum)
  else if (typeof value !== 'object' || value === null) add(sum, 4, numberBytes)
  else if (isBinary(value)) {
    sum.binary = true
    add(sum, value.byteLength, viewBytes + value.byteLength)
  } else if (Array.isArray(value)) {
    for (const item of value) inner.push(item)
    add(sum, value.length + 2, arrayBytes + slotBytes * value.length)
  } else {
    add(sum, 2, objectBytes)
    for (const [key, item] of Object.entries(value)) {
      add(sum, Buffer.byteLength(key) + 4, propertyBytes + key.length)
      inner.push(item)
    }
  }
}

/** Socket.IO makes a Buffer of an attachment, whether the client sent a typed array, an ArrayBuffer or a Blob. */
function isBinary(value: object): value is ArrayBufferView | ArrayBuffer {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer
}

/** V8 uses one byte for each character, or two for each if any is beyond Latin-1. */
function weighText(text: string, sum: Sum): void {
  const bytes = Buffer.byteLength(text)
  add(sum, bytes + 2, stringBytes + (bytes === text.length ? bytes : 2 * text.length))
}

function add(sum: Sum, textBytes: number, heapBytes: number): void {
  sum.textBytes += textBytes
  sum.heapBytes += heapBytes
}
