/** How deep a client's data may nest. Far above any request of ours, far below what recursion or Lua's JSON can take. */
export const maxDepth = 32

/**
 * 'too_large': more than the permitted bytes, estimated from its text. 'binary': it contains bytes, as Socket.IO passes them
 * beside the JSON. A room's log keeps JSON, which would make an object of them.
 */
export type Excess = 'too_deep' | 'too_large' | 'binary' | undefined
export type Measured = { excess: Excess; heapBytes: number }

/**
 * Measures data without recursion and without looking further than need be. `heapBytes` is what it takes in V8's heap,
 * estimated: `[[],[],…]` takes ten times its text. It means nothing where there is an excess.
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

/** Whether data is within bounds. */
export const excessOf = (data: unknown, bytes: number): Excess => measure(data, bytes).excess

/** What V8 takes for each, in bytes, besides what is in it; for an object with its hidden class, which may be its own. */
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

/** V8 takes a byte for each character, or two for each if there is any beyond Latin-1. */
function weighText(text: string, sum: Sum): void {
  const bytes = Buffer.byteLength(text)
  add(sum, bytes + 2, stringBytes + (bytes === text.length ? bytes : 2 * text.length))
}

function add(sum: Sum, textBytes: number, heapBytes: number): void {
  sum.textBytes += textBytes
  sum.heapBytes += heapBytes
}
