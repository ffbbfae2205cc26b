/** The URLs of the nodes: those of `?node=` in the page's address, or the server of this page with the path before it. */
export function nodeUrls() {
  const named = new URLSearchParams(location.search)
    .getAll('node')
    .flatMap((urls) => urls.split(','))
    .filter((url) => URL.canParse(url))
  return named.length > 0 ? named : [new URL('.', location.href).href]
}

/** A URL at a node, which may be served below a path. @param path without a leading slash */
export function atNode(url, path) {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname.replace(/\/+$/, '')}/${path}`
}

/** Options for a client of the SDK. By default it starts at a random node; here it starts at the first. */
export function nodeOptions() {
  let first = true
  const random = () => {
    if (!first) return Math.random()
    first = false
    return 0
  }
  // reconnect within seconds after a restart of the server
  return { url: nodeUrls(), parts: { random }, backOff: { baseMs: 250, capMs: 2000 } }
}

/** The node's id, which is the part of a connection's id before the last dot; without a dot, the node's address. */
export function nodeName({ url, id }) {
  const end = id.lastIndexOf('.')
  return end > 0 ? id.slice(0, end) : new URL(url).host
}
