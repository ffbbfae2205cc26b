import type { IncomingMessage } from 'node:http'
import proxyAddr from '@fastify/proxy-addr'

export type TrustProxy = boolean | number | string

/** Reads a client's address off a request, as Fastify does with the same `trustProxy`. */
export function addressReader(trust: TrustProxy = false): (request: IncomingMessage) => string {
  const trusts = trustFunction(trust)
  // IPv4 seen through an IPv6 listener is the same client
  return (request) => (proxyAddr(request, trusts) ?? '').replace(/^::ffff:/, '')
}

function trustFunction(trust: TrustProxy): (address: string, hop: number) => boolean {
  if (typeof trust === 'boolean') return () => trust
  if (typeof trust === 'number') return (_address, hop) => hop < trust
  const compiled = proxyAddr.compile(trust.split(',').map((part) => part.trim()))
  return (address, hop) => compiled(address, hop)
}
