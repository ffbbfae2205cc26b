import { isIPv6 } from 'node:net'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'

type Interfaces = NodeJS.Dict<Pick<NetworkInterfaceInfo, 'address' | 'family' | 'internal'>[]>

/**
 * The address at which other machines reach a listener of this machine, in the form for URLs: IPv4 if the machine has it. Link-local
 * addresses do not count: they are valid on one network segment only, and IPv6 ones need the name of an interface.
 * undefined: the machine has no such address.
 */
export function ownAddress(host: string, interfaces: Interfaces = networkInterfaces()): string | undefined {
  if (host !== '0.0.0.0' && host !== '::') return inUrl(host)
  const usable = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ address, internal }) => !internal && !isLinkLocal(address))
  const ofFamily = (family: string) => usable.find((candidate) => candidate.family === family)?.address
  const found = ofFamily('IPv4') ?? ofFamily('IPv6')
  return found === undefined ? undefined : inUrl(found)
}

/** `::` on a machine that others reach by IPv6 only: it serves IPv4 too, and 0.0.0.0 would serve no other machine. */
export function defaultHost(interfaces?: Interfaces): string {
  return ownAddress('0.0.0.0', interfaces)?.startsWith('[') ? '::' : '0.0.0.0'
}

/** Why other machines cannot reach this listener at its own address. */
export function unreachableWarnings(host: string, interfaces?: Interfaces): string[] {
  const own = ownAddress(host, interfaces)
  if (own === undefined) {
    const remedy = 'set NODE_URL to an address at which the other nodes reach this one'
    return [`NODE_URL: this machine has no address but its loopback and link-local ones: ${remedy}`]
  }
  const isUnreachable = host === '0.0.0.0' && own.startsWith('[')
  return isUnreachable
    ? ['HOST: 0.0.0.0 listens by IPv4 only, and this machine has IPv6 addresses only: set HOST=::']
    : []
}

const inUrl = (host: string) => (isIPv6(host) ? `[${host.split('%', 1)[0]}]` : host)

/** 169.254.0.0/16 and fe80::/10. */
const isLinkLocal = (address: string) => /^(?:169\.254\.|fe[89ab])/i.test(address)
