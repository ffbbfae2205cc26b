/** The nodes to be used: those of `?node=` in the address, one or several, or whoever served this page. */
export function nodeUrls() {
  const named = new URLSearchParams(location.search)
    .getAll('node')
    .flatMap((urls) => urls.split(','))
    .filter((url) => URL.canParse(url))
  return named.length > 0 ? named : [location.origin]
}

/** What a node calls itself, which stands before the last dot of a connection's id; else its address. */
export function nodeName({ url, id }) {
  const end = id.lastIndexOf('.')
  return end > 0 ? id.slice(0, end) : new URL(url).host
}
