import type { IncomingMessage } from 'node:http'
import type { Trusts } from './address.ts'

/** What a browser's address bar shows, as far as it is compared: of the Host header the port may be missing. */
type Authority = { hostname: string; port: string }

/** Ports that browsers leave out. Which of them a proxy adds says only how it was reached itself. */
const defaultPorts: ReadonlySet<string> = new Set(['', '80', '443'])

/** Whether a page of this origin was served by the host that the request was sent to. */
export function isOwnOrigin(origin: string, request: IncomingMessage, trusts: Trusts): boolean {
  const page = URL.canParse(origin) ? new URL(origin) : undefined
  if (!page?.hostname) return false
  return hostsOf(request, trusts).some((host) => {
    const own = authorityOf(host)
    if (own?.hostname !== withoutDot(page.hostname)) return false
    return page.port === '' ? defaultPorts.has(own.port) : own.port === page.port
  })
}

/** The hosts that a request names, and those that proxies say it named: each proxy may add one. */
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

/** As it is written: URL leaves out 80. */
const portOf = (host: string) => /:0*(\d+)$/.exec(host.replace(/^\[.*\]/, ''))?.[1] ?? ''

/** `app.example.` is the name without the search list of a resolver. */
const withoutDot = (hostname: string) => hostname.replace(/\.$/, '')
