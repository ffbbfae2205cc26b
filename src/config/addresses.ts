import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { quoted } from './masked.ts'
import { items, type Read } from './option.ts'

/** An address to listen on. The only names are this machine's own, because others can belong to another machine, or to none. */
export const listenAddress: Read<string> = (text, complain) => {
  if (isIP(text) === 0 && !isOwnName(text.toLowerCase())) {
    const expected = 'expected 0.0.0.0 or :: for all addresses, one IP address, or localhost'
    complain(`${quoted(text)} is neither an IP address nor a name of this machine: ${expected}`)
  }
  return text
}

function isOwnName(name: string): boolean {
  const own = hostname().toLowerCase()
  return name === 'localhost' || name === own || name === own.split('.', 1)[0] || name.split('.', 1)[0] === own
}

/** Groups of addresses that Fastify knows by name. */
const addressGroups: readonly string[] = ['loopback', 'linklocal', 'uniquelocal']

/** The trusted proxies: all, none, a number of hops, or a list of addresses and networks. */
export const trustedProxies: Read<boolean | number | string> = (text, complain) => {
  if (text === 'true' || text === 'false') return text === 'true'
  if (/^\d+$/.test(text)) return Number(text)
  const parts = items(text, complain)
  for (const part of parts.filter((part) => !isNetwork(part))) {
    const groups = `an IP address, a network such as 10.0.0.0/8, or one of ${addressGroups.join(', ')}`
    complain(`${quoted(part)} is not true, false, a number of proxies, ${groups}`)
  }
  return parts.join(',')
}

function isNetwork(text: string): boolean {
  const [address = '', range, ...rest] = text.split('/')
  const family = isIP(address)
  if (addressGroups.includes(text)) return true
  if (family === 0 || rest.length > 0) return false
  if (range === undefined) return true
  if (family === 4 && isIP(range) === 4) return /^1+0*$/.test(bitsOf(range))
  return /^\d{1,3}$/.test(range) && Number(range) > 0 && Number(range) <= (family === 4 ? 32 : 128)
}

function bitsOf(address: string): string {
  return address
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('')
}
