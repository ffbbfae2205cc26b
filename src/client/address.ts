import { withoutEndSlashes } from '../protocol/end-slashes.ts'

/** Where Socket.IO is served: the origin, the path on it, and the parameters of the handshake. */
type ServerAddress = { origin: string; path: string; query: { [name: string]: string } }

/** Older versions of React Native lack the properties of `URL`, so this reads an address without them. */
const parts = /^((?:https?|wss?):\/\/)([^/?#\s]+)([^?#\s]*)(?:\?([^#\s]*))?(?:#\S*)?$/i

/**
 * Reads an address of a node or a balancer. A path in `url` is the prefix under which a proxy serves the node: `https://host/signal`
 * has Socket.IO at `/signal/socket.io`. socket.io-client would read it as the namespace, which a dialect decides here.
 * @param path Socket.IO's whole path, in place of the one that follows from `url`
 * @throws TypeError
 */
export function addressOf(url: string | URL, path?: string): ServerAddress {
  const [, scheme = '', host = '', prefix = '', query = ''] = parts.exec(String(url)) ?? []
  const problem = problemOf(String(url), host)
  if (problem) throw new TypeError(`url: ${shown(url)} ${problem}`)
  return { origin: scheme + host, path: path ?? `${withoutEndSlashes(prefix)}/socket.io`, query: readQuery(query) }
}

function problemOf(url: string, host: string): string | undefined {
  // browsers and socket.io-client drop them silently
  if (host.includes('@')) return 'has a user or a password, which is not sent: use the option `token`'
  if (host === '' || !isUrl(url)) return 'is not a valid URL such as https://signal.example.org'
  return undefined
}

function isUrl(text: string): boolean {
  try {
    return Boolean(new URL(text)) // Safari before 17 has no URL.canParse
  } catch {
    return false
  }
}

function readQuery(query: string): ServerAddress['query'] {
  const pairs = query.split('&').filter(Boolean)
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = '', ...value] = pair.split('=')
      return [decode(name), decode(value.join('='))]
    }),
  )
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text // a % that is not followed by an encoded character
  }
}

/** The URL without its password, because error messages are written to logs. */
function shown(url: unknown): string {
  return typeof url === 'string' || url instanceof URL ? JSON.stringify(masked(String(url))) : String(url)
}

function masked(url: string): string {
  const [start, end] = [url.indexOf('//') + 2, url.lastIndexOf('@')]
  return start < 2 || end < start ? url : `${url.slice(0, start)}***${url.slice(end)}`
}
