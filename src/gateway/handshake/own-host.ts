import type { IncomingMessage } from 'node:http'
import type { Trusts } from './client-address.ts'

/** The host and port to compare. The port is '' if the Host header has none. */
type Authority = { hostname: string; port: string }

/** Ports that browsers omit from an origin. A proxy that ends TLS may add the port at which it was reached itself. */
const defaultPorts: ReadonlySet<string> = new Set(['', '80', '443'])

/** Whether the origin of a page is the host to which the client sent the request. */
export function isOwnOrigin(origin: string, request: IncomingMessage, trusts: Trusts): boolean {
  const page = URL.canParse(origin) ? new URL(origin) : undefined
  if (!page?.hostname) return false
  return hostsOf(request, trusts).some((host) => {
    const own = authorityOf(host)
    if (own?.hostname !== withoutDot(page.hostname)) return false
    return page.port === '' ? defaultPorts.has(own.port) : own.port === page.port
  })
}

/** The host that a request names, or those that trusted proxies report instead: each proxy may add one. */
function hostsOf({ headers, socket }: IncomingMessage, trusts: Trusts): string[] {
  const { host = '' } = headers
  const isByProxy = trusts(socket.remoteAddress ?? '', 0)
  const forwarded = isByProxy ? partsOf(headers['x-forwarded-host']) : []
  const hosts = forwarded.length > 0 ? forwarded : [host]
  const ports = isByProxy ? partsOf(headers['x-forwarded-port']) : []
  return hosts.flatMap((name) => [name, ...(portOf(name) === '' ? ports.map((port) => `${name}:${port}`) : [])])
}

const partsOf = (header: string | string[] | undefined) =>
  [header ?? []]
    .flat()
    .join(',')
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)

function authorityOf(host: string): Authority | undefined {
  const url = `http://${host}`
  if (!/^[^/?#@\\]+$/.test(host) || !URL.canParse(url)) return undefined
  return { hostname: withoutDot(new URL(url).hostname), port: portOf(host) }
}

/** As it is written: URL omits port 80. */
const portOf = (host: string) => /:0*(\d+)$/.exec(host.replace(/^\[.*\]/, ''))?.[1] ?? ''

/** `app.example.` is the name without the search list of a resolver. */
const withoutDot = (hostname: string) => hostname.replace(/\.$/, '')
