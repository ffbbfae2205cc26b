import type { IncomingMessage } from 'node:http'
import proxyAddr from '@fastify/proxy-addr'

export type TrustProxy = boolean | number | string

/** Whether a peer is a trusted proxy, whose `X-Forwarded-…` headers the node reads. `hop` counts from this node. */
export type Trusts = (address: string, hop: number) => boolean

/** Reads a client's address from a request, as Fastify does with the same `trustProxy`. */
export function addressReader(trusts: Trusts): (request: IncomingMessage) => string {
  // an IPv6 listener shows IPv4 addresses with this prefix
  return (request) => (proxyAddr(request, trusts) ?? '').replace(/^::ffff:/, '')
}

export function trustFunction(trust: TrustProxy = false): Trusts {
  if (typeof trust === 'boolean') return () => trust
  if (typeof trust === 'number') return (_address, hop) => hop < trust
  const compiled = proxyAddr.compile(trust.split(',').map((part) => part.trim()))
  return (address, hop) => compiled(address, hop)
}
