/** The nodes to be used: those of `?node=` in the address, one or several, or the server of this page, with the path before it. */
export function nodeUrls() {
  const named = new URLSearchParams(location.search)
    .getAll('node')
    .flatMap((urls) => urls.split(','))
    .filter((url) => URL.canParse(url))
  return named.length > 0 ? named : [new URL('.', location.href).href]
}

/** An address at a node, which may be served below a path. @param path without a slash at the beginning */
export function atNode(url, path) {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname.replace(/\/+$/, '')}/${path}`
}

/** For a client of the SDK. It begins anywhere of its own accord; here the node that is named first comes first. */
export function nodeOptions() {
  let first = true
  const random = () => {
    if (!first) return Math.random()
    first = false
    return 0
  }
  // a page that waits for a server to start again is back within seconds
  return { url: nodeUrls(), parts: { random }, backOff: { baseMs: 250, capMs: 2000 } }
}

/** What a node calls itself, which stands before the last dot of a connection's id; else its address. */
export function nodeName({ url, id }) {
  const end = id.lastIndexOf('.')
  return end > 0 ? id.slice(0, end) : new URL(url).host
}
