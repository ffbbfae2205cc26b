import { quoted } from './masked.ts'
import { type Complain, type Read, text } from './option.ts'

export { withoutEndSlashes } from '../protocol/end-slashes.ts'

/** An address to fetch JSON from. Node's fetch refuses an address with a user or password. */
export const fetchable: Read<string> = (value, complain) => {
  const fault = faultOf(httpUrlOf(value))
  if (fault) complain(`${quoted(value)} ${fault}`)
  return value
}

/** An address of a node or of the cluster. It may have a path, and nothing after it. */
export const baseUrl: Read<string> = (value, complain) => (baseUrlOf(value, complain) ? value : undefined)

/** undefined after a complaint. */
export function baseUrlOf(value: string, complain: Complain): URL | undefined {
  const url = httpUrlOf(value)
  const fault = faultOf(url) ?? (url?.search ? 'has a query, to which no path can be added' : undefined)
  if (fault) complain(`${quoted(value)} ${fault}`)
  return fault ? undefined : url
}

function httpUrlOf(value: string): URL | undefined {
  const url = /^https?:\/\//i.test(value) && URL.canParse(value) ? new URL(value) : undefined
  return url?.hostname ? url : undefined
}

function faultOf(url: URL | undefined): string | undefined {
  if (!url) return 'is not a URL with http:// or https:// and a host (an IPv6 address in brackets)'
  if (url.username || url.password) return 'has a user or password, which cannot be sent'
  return url.hash ? 'has a fragment, which is never sent' : undefined
}

/** A name in Redis Sentinel. */
export const masterName: Read<string> = (value, complain) => {
  if (/\s/.test(value)) complain(`${quoted(value)} has a space, which no name in Sentinel has`)
  return text(value, complain)
}
