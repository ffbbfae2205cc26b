import { isDeepStrictEqual } from 'node:util'
import type { PatchOperation } from '../../protocol/management.ts'
import { ApiError } from '../errors.ts'

type Container = { [name: string]: unknown } | unknown[]

const refuse = () => new ApiError(400, 'badRequest', 'The patch does not fit')

/** A document after a JSON Patch (RFC 6902); the one that is given stays as it is. @throws 400 */
export function patched(document: object, operations: PatchOperation[]): unknown {
  return operations.reduce<unknown>(apply, structuredClone(document))
}

function apply(document: unknown, { op, path, from, value }: PatchOperation): unknown {
  switch (op) {
    case 'add':
      return set(document, path, structuredClone(value), true)
    case 'replace':
      get(document, path)
      return set(document, path, structuredClone(value), false)
    case 'remove':
      return remove(document, path)
    case 'test':
      if (!isDeepStrictEqual(get(document, path), value)) throw refuse()
      return document
    case 'move': {
      const moved = get(document, from)
      return set(remove(document, from), path, moved, true)
    }
    case 'copy':
      return set(document, path, structuredClone(get(document, from)), true)
  }
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

function parentOf(document: unknown, pointer: string | undefined): { parent: Container; part: string } {
  const parts = partsOf(pointer)
  const part = parts.pop()
  const parent = parts.reduce(step, document)
  if (part === undefined || part === '__proto__' || typeof parent !== 'object' || parent === null) throw refuse()
  return { parent: parent as Container, part }
}

function set(document: unknown, pointer: string, value: unknown, insert: boolean): unknown {
  const { parent, part } = parentOf(document, pointer)
  if (!Array.isArray(parent)) parent[part] = value
  else if (!insert) parent[Number(part)] = value
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
