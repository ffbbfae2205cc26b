import { expect, test } from 'vitest'
import { defaultHost, ownAddress, unreachableWarnings } from '../../../src/config/own-address.ts'

const at = (address: string, internal = false) => ({
  address,
  family: address.includes(':') ? ('IPv6' as const) : ('IPv4' as const),
  internal,
})
const loopback = { lo: [at('127.0.0.1', true), at('::1', true)] }

test('an IPv4 address of any interface is preferred, because each machine that has one is reached by it', () => {
  expect(ownAddress('0.0.0.0', { ...loopback, a: [at('2001:db8::1')], b: [at('10.1.2.3')] })).toBe('10.1.2.3')
})

test('a machine with IPv6 only has an address in brackets', () => {
  for (const host of ['0.0.0.0', '::']) {
    expect(ownAddress(host, { ...loopback, a: [at('fe80::1'), at('2001:db8::1')] })).toBe('[2001:db8::1]')
  }
})

test('a link-local address does not count, because no other network reaches it', () => {
  const linkLocal = [at('169.254.1.1'), at('fe80::1'), at('FEBF::1')]
  expect(ownAddress('::', { ...loopback, a: linkLocal })).toBeUndefined()
  expect(ownAddress('::', { ...loopback, a: [...linkLocal, at('fec0::1')] })).toBe('[fec0::1]')
})

test('a machine with only its loopback has no address', () => {
  expect(ownAddress('0.0.0.0', loopback)).toBeUndefined()
  expect(ownAddress('0.0.0.0', {})).toBeUndefined()
})

test('the own address is HOST if that is one address', () => {
  expect(ownAddress('10.1.2.3', {})).toBe('10.1.2.3')
  expect(ownAddress('::1', {})).toBe('[::1]')
})

test('by default a machine with IPv6 only listens at ::, because 0.0.0.0 would listen by IPv4 only', () => {
  expect(defaultHost({ ...loopback, a: [at('2001:db8::1')] })).toBe('::')
  expect(defaultHost({ ...loopback, a: [at('2001:db8::1'), at('10.1.2.3')] })).toBe('0.0.0.0')
  expect(defaultHost(loopback)).toBe('0.0.0.0')
})

test('a node that other machines cannot reach at its own address gets a warning', () => {
  const ipv6 = { ...loopback, a: [at('2001:db8::1')] }
  expect(unreachableWarnings('0.0.0.0', { ...loopback, a: [at('fe80::1')] })).toEqual([
    expect.stringMatching(/^NODE_URL: this machine has no address/),
  ])
  expect(unreachableWarnings('0.0.0.0', ipv6)).toEqual([
    expect.stringMatching(/^HOST: 0\.0\.0\.0 listens by IPv4 only/),
  ])
  expect(unreachableWarnings('::', ipv6)).toEqual([])
  expect(unreachableWarnings('127.0.0.1', loopback)).toEqual([])
})
