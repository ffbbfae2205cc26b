import { randomBytes } from 'node:crypto'

/** The length of the random part of an id, 72 bits. The id of the node precedes it. */
const randomIdLength = 12
const idPattern = /^[0-9A-Za-z._-]{1,64}\.[0-9a-f]{8}[\w-]{12}$/

/** @param node the id under which the node is registered. Its suffix differs in each process, so no earlier process made the same id */
export function newConnectionId(node: string): string {
  return node + randomBytes((randomIdLength * 3) / 4).toString('base64url')
}

/** The node that made an id; undefined if no node makes such ids. */
export function nodeOfConnection(id: unknown): string | undefined {
  return typeof id === 'string' && idPattern.test(id) ? id.slice(0, -randomIdLength) : undefined
}
