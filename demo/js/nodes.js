/** The nodes to be used: those of `?node=` in the address, one or several, or whoever served this page. */
export function nodeUrls() {
  const named = new URLSearchParams(location.search)
    .getAll('node')
    .flatMap((urls) => urls.split(','))
    .filter((url) => URL.canParse(url))
  return named.length > 0 ? named : [location.origin]
}

/** For a client of the SDK. It begins anywhere of its own accord; here the node that is named first comes first. */
export function nodeOptions() {
  let first = true
  const random = () => {
    if (!first) return Math.random()
    first = false
    return 0
  }
  return { url: nodeUrls(), parts: { random } }
}

/** What a node calls itself, which stands before the last dot of a connection's id; else its address. */
export function nodeName({ url, id }) {
  const end = id.lastIndexOf('.')
  return end > 0 ? id.slice(0, end) : new URL(url).host
}
