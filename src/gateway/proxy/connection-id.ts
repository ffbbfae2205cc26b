import { randomBytes } from 'node:crypto'

/** How many characters of an id are the connection's own, 72 bits; what stands before them is its node. */
const randomIdLength = 12
const shape = /^[0-9A-Za-z._-]{1,64}\.[0-9a-f]{8}[\w-]{12}$/

/** @param node as it is registered: with a suffix, so that the id is none of a process that was there before */
export function newConnectionId(node: string): string {
  return node + randomBytes((randomIdLength * 3) / 4).toString('base64url')
}

/** The node that an id names; undefined when no node makes such ids. */
export function nodeOfConnection(id: unknown): string | undefined {
  return typeof id === 'string' && shape.test(id) ? id.slice(0, -randomIdLength) : undefined
}
