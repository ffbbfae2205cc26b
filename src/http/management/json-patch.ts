import { isDeepStrictEqual } from 'node:util'
import type { PatchOperation } from '../../protocol/management.ts'
import { ApiError } from '../errors.ts'
import { isDeeperThan, maxBodyDepth } from '../json.ts'

type Container = { [name: string]: unknown } | unknown[]

const refuse = () => new ApiError(400, 'badRequest', 'The patch does not fit')

// rfc6902 5.4 is not used: its pointers reach inherited methods (`/toString/x` changes the process), it accepts `/views/1x` as an
// index, and its `test` takes 46 s to compare two different lists of 1000 numbers.

/**
 * Applies a JSON Patch (RFC 6902) to a copy of a document. The size of the result is checked before each operation: a `copy` can
 * double the document, so a body of a few hundred bytes can make megabytes.
 * @param maxBytes the limit of the document as JSON, also between two operations
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
      if (path.startsWith(`${from}/`)) throw refuse() // RFC 6902, 4.4: a value cannot be moved into itself
      const moved = get(document, from)
      return set(remove(document, from), path, moved)
    }
    case 'copy':
      return set(document, path, copied(document, get(document, from), maxBytes))
  }
}

/** A copy of a value. @throws 400 when the document with the copy is too large */
function copied(document: unknown, value: unknown, maxBytes: number): unknown {
  if (bytesOf(document) + bytesOf(value) > maxBytes) throw refuse()
  return structuredClone(value)
}

/** The size of a value as JSON; 0 for undefined, the value of an operation without one. */
export function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '')
}

/** The parts of a JSON Pointer (RFC 6901). */
function partsOf(pointer: string | undefined): string[] {
  if (pointer === undefined || (pointer !== '' && !pointer.startsWith('/'))) throw refuse()
  const parts = pointer.split('/').slice(1)
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** The value at one part of a pointer. Only own properties, so that no pointer reaches a prototype. */
function step(container: unknown, part: string): unknown {
  if (typeof container !== 'object' || container === null || !Object.hasOwn(container, part)) throw refuse()
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
