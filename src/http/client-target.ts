import type { FastifyRequest } from 'fastify'

/** What a login token tells its client to connect to. */
export type ClientTarget = { host: string; secure: boolean }

/**
 * Where a request reached this node, for tokens of a cluster that does not know its public address. OWT's REST client
 * leaves the port out of its Host header. That header is completed where it names the very address at which this node
 * took the connection: behind a proxy it would name the proxy, whose port is not known here.
 */
export function targetOf({ host, headers, protocol, socket }: FastifyRequest): ClientTarget {
  const { localAddress = '', localPort } = socket
  const complete = host !== headers.host || /:\d+$/.test(host) || !isOwn(host, localAddress)
  return { host: complete ? host : `${host}:${localPort}`, secure: protocol === 'https' }
}

/** Whether a host without a port is the local address of a connection. An IPv4 address may be written as IPv6 there. */
function isOwn(host: string, localAddress: string): boolean {
  const address = localAddress.replace(/^::ffff:(?=\d+\.)/, '')
  if (host.toLowerCase() === 'localhost') return address === '::1' || address.startsWith('127.')
  return host === (address.includes(':') ? `[${address}]` : address)
}
