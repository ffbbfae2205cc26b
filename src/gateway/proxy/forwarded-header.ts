import type { IncomingMessage } from 'node:http'
import { type Keyring, sign, verify } from '../../core/auth/keyring.ts'

/** The header of a forwarded request: the client's address, and a signature with the cluster's key. Nodes of older versions use this name. */
export const forwardedHeader = 'x-signalbox-passed-on'

/** @param id of the connection: the signature is valid for no other */
export function signForwarded(keys: Keyring, id: string, address: string): string {
  return `${address} ${sign(keys, 'passed on', [id, address])}`
}

/**
 * Whether a request has the header of a forwarded request. It needs no valid signature: the only effect is that the node does not
 * forward it again, so a client that sends the header harms only itself.
 */
export function isForwarded({ headers }: IncomingMessage): boolean {
  return headers[forwardedHeader] !== undefined
}

/** The client's address that another node has signed; undefined without a valid signature of this cluster. */
export function signedAddress(keys: Keyring, id: string, { headers }: IncomingMessage): string | undefined {
  const header = headers[forwardedHeader]
  if (typeof header !== 'string') return undefined
  const end = header.lastIndexOf(' ')
  const address = header.slice(0, Math.max(0, end))
  return verify(keys, 'passed on', [id, address], header.slice(end + 1)) ? address : undefined
}
