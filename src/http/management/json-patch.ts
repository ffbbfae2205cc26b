import { isDeepStrictEqual } from 'node:util'
import type { PatchOperation } from '../../protocol/management.ts'
import { ApiError } from '../errors.ts'
import { isDeeperThan, maxBodyDepth } from '../json.ts'

type Container = { [name: string]: unknown } | unknown[]

const refuse = () => new ApiError(400, 'badRequest', 'The patch does not fit')

// Not rfc6902 5.4: its pointers reach inherited methods (`/toString/x` changes the process), it takes `/views/1x` for an
// index, and its `test` compares two different lists of 1000 numbers in 46 s.

/**
 * A document after a JSON Patch (RFC 6902); the one that is given stays as it is. Before each operation its result is
 * weighed: a `copy` can double the document, and twelve of them make megabytes of a body of some hundred bytes.
 * @param maxBytes of the document as JSON
 * @throws 400 when an operation does not fit the document, or makes it too large or too deep
 */
export function patched(document: object, operations: PatchOperation[], maxBytes: number): unknown {
  return operations.reduce<unknown>(
    (before, operation) => apply(before, operation, maxBytes),
    structuredClone(document),
  )
}

function apply(document: unknown, { op, path, from, value }: PatchOperation, maxBytes: number): unknown {
  switch (op) {
    case 'add':
      return set(document, path, copied(document, value, maxBytes))
    case 'replace':
      return set(remove(document, path), path, copied(document, value, maxBytes))
    case 'remove':
      return remove(document, path)
    case 'test':
      if (!isDeepStrictEqual(get(document, path), value)) throw refuse()
      return document
    case 'move': {
      if (path.startsWith(`${from}/`)) throw refuse() // no value can be moved into itself
      const moved = get(document, from)
      return set(remove(document, from), path, moved)
    }
    case 'copy':
      return set(document, path, copied(document, get(document, from), maxBytes))
  }
}

/** A copy of a value that a document has room for. */
function copied(document: unknown, value: unknown, maxBytes: number): unknown {
  if (bytesOf(document) + bytesOf(value) > maxBytes) throw refuse()
  return structuredClone(value)
}

/** Of a value as JSON; an operation without a value has none. */
export function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '')
}

/** The parts of a JSON Pointer (RFC 6901). */
function partsOf(pointer: string | undefined): string[] {
  if (pointer === undefined || (pointer !== '' && !pointer.startsWith('/'))) throw refuse()
  const parts = pointer.split('/').slice(1)
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function step(container: unknown, part: string): unknown {
  if (typeof container !== 'object' || container === null || !Object.hasOwn(container, part)) throw refuse()
  // own properties only: a pointer reaches no prototype
  if (Array.isArray(container) && !isIndex(part)) throw refuse()
  return Reflect.get(container, part)
}

const isIndex = (part: string) => /^(0|[1-9]\d{0,5})$/.test(part)
const get = (document: unknown, pointer: string | undefined) => partsOf(pointer).reduce(step, document)

function parentOf(document: unknown, pointer: string | undefined): { parent: Container; part: string; depth: number } {
  const parts = partsOf(pointer)
  const depth = parts.length
  const part = parts.pop()
  const parent = parts.reduce(step, document)
  if (part === undefined || part === '__proto__' || typeof parent !== 'object' || parent === null) throw refuse()
  return { parent: parent as Container, part, depth }
}

function set(document: unknown, pointer: string, value: unknown): unknown {
  const { parent, part, depth } = parentOf(document, pointer)
  if (isDeeperThan(value, maxBodyDepth - depth)) throw refuse()
  if (!Array.isArray(parent)) parent[part] = value
  else if (part === '-') parent.push(value)
  else if (isIndex(part) && Number(part) <= parent.length) parent.splice(Number(part), 0, value)
  else throw refuse()
  return document
}

function remove(document: unknown, pointer: string | undefined): unknown {
  get(document, pointer)
  const { parent, part } = parentOf(document, pointer)
  if (Array.isArray(parent)) parent.splice(Number(part), 1)
  else delete parent[part]
  return document
}
