import type { IncomingMessage } from 'node:http'
import { type Keyring, sign, verify } from '../../core/auth/keyring.ts'

/** Borne by a request that another node has passed on: the client's address, and a signature of the cluster's key. */
export const forwardedHeader = 'x-signalbox-passed-on'

/** @param id the connection's, so that the words are good for no other */
export function signForwarded(keys: Keyring, id: string, address: string): string {
  return `${address} ${sign(keys, 'passed on', [id, address])}`
}

/**
 * Whether a request says that it was passed on. Nobody has to prove that, since it only forgoes to be passed on again:
 * a client that says so harms itself.
 */
export function isForwarded({ headers }: IncomingMessage): boolean {
  return headers[forwardedHeader] !== undefined
}

/** The address that another node vouches for; undefined when it was no node of this cluster. */
export function vouchedAddress(keys: Keyring, id: string, { headers }: IncomingMessage): string | undefined {
  const messages = headers[forwardedHeader]
  if (typeof messages !== 'string') return undefined
  const end = messages.lastIndexOf(' ')
  const address = messages.slice(0, Math.max(0, end))
  return verify(keys, 'passed on', [id, address], messages.slice(end + 1)) ? address : undefined
}
