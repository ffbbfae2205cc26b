import { quoted } from './masked.ts'
import { isInQuotes, items, type Read } from './option.ts'

/** Origins as browsers send them, because they are compared as text. */
export const origins: Read<string[]> = (text, complain) => {
  if (text === 'none') return []
  const all = items(text, complain)
  for (const origin of all) {
    const fault = faultOf(origin)
    if (fault) complain(`${quoted(origin)} ${fault}`)
  }
  return all
}

/** Why no browser sends this as its origin. */
function faultOf(text: string): string | undefined {
  // browsers send `null` for pages without an origin: files, and frames in a sandbox
  if (text === '*' || text === 'null') return undefined
  if (isInQuotes(text)) return 'is in quotes: write it without them'
  if (text.includes('*')) return 'has a wildcard: name each origin, or write * alone for any'
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : undefined
  if (!url?.host) return 'is not an origin: expected a scheme and a host, such as https://app.example'
  if (/^wss?:$/.test(url.protocol)) {
    return `is not an origin: a page has the scheme ${url.protocol === 'ws:' ? 'http' : 'https'}`
  }
  // of schemes that are not the Web's, such as capacitor://localhost, URL does not know the origin
  const origin = /^https?:$/.test(url.protocol) ? url.origin : `${url.protocol}//${url.host.toLowerCase()}`
  return text === origin ? undefined : `is not how browsers write it: expected ${quoted(origin)}`
}
