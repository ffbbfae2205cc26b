import type { FastifyRequest } from 'fastify'

/** The address in a login token that its client connects to. */
export type ClientTarget = { host: string; secure: boolean }

/**
 * The address at which a request reached this node, for tokens of a cluster without PUBLIC_URL. OWT's REST client omits the port
 * from its Host header. This function adds the node's port if the header names the very address at which the node accepted the
 * connection. With a proxy in between, the header names the proxy, whose port the node does not know.
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
