import { isIPv4, isIPv6 } from 'node:net'

/** Addresses are shorter; a header that a proxy forwards unchecked may be longer. */
const maxAddressLength = 64

/**
 * The network that limits by address count as one client: an IPv4 address, or the /64 of an IPv6 address, of which every
 * customer has at least one, with 2⁶⁴ addresses to choose from (RFC 6177). IPv4 seen through an IPv6 listener is IPv4
 * (RFC 4291 2.5.5.2). Any other text is its own network.
 */
export function networkOf(address: string): string {
  const [bare = ''] = address.split('%', 1) // without the zone of a link-local address
  if (!isIPv6(bare)) return address.slice(0, maxAddressLength)
  const groups = groupsOf(bare)
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (mapped) return ipv4Of(groups.slice(6))
  const prefix = groups.slice(0, 4).map((group) => group.toString(16))
  return `${prefix.join(':')}::/64`
}

/** The eight groups of an IPv6 address in any of its forms (RFC 4291 2.2). */
function groupsOf(address: string): number[] {
  const [head = [], tail = []] = address.split('::').map(groupsIn)
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => 0)
  return [...head, ...zeros, ...tail]
}

function groupsIn(text: string): number[] {
  return text.split(':').flatMap((part) => {
    if (!isIPv4(part)) return part === '' ? [] : [Number.parseInt(part, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number)
    return [a * 256 + b, c * 256 + d]
  })
}

function ipv4Of(groups: number[]): string {
  return groups.flatMap((group) => [group >> 8, group & 255]).join('.')
}
