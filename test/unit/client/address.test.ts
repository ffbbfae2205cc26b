import { expect, test } from 'vitest'
import { addressOf } from '../../../src/client/address.ts'

test.each([
  ['http://host', 'http://host', '/socket.io'],
  ['https://host/', 'https://host', '/socket.io'],
  ['https://host:8443/signal', 'https://host:8443', '/signal/socket.io'],
  ['https://host/signal//', 'https://host', '/signal/socket.io'],
  ['https://host/a/b%20c/', 'https://host', '/a/b%20c/socket.io'],
  ['https://host/rooms', 'https://host', '/rooms/socket.io'],
  ['HTTPS://[::1]:8080/signal#top', 'HTTPS://[::1]:8080', '/signal/socket.io'],
  ['wss://host/signal?a=1', 'wss://host', '/signal/socket.io'],
])('%s is Socket.IO of %s at %s', (url, origin, path) => {
  expect(addressOf(url)).toMatchObject({ origin, path })
  expect(addressOf(new URL(url))).toMatchObject({ path })
})

test('the path option is the whole path, whatever path the url has', () => {
  expect(addressOf('https://host/signal', '/other/')).toEqual({ origin: 'https://host', path: '/other/', query: {} })
})

test('a query goes with the handshake, decoded once', () => {
  const { query } = addressOf('https://host/signal?tenant=a%20b&x=1+2&flag&half=50%&eq=a=b#c')
  expect(query).toEqual({ tenant: 'a b', x: '1 2', flag: '', half: '50%', eq: 'a=b' })
})

test.each([
  '',
  'host',
  'localhost:8080',
  '/signal',
  '//host/signal',
  'ftp://host',
  'http://',
  'http://h:99999',
  'http://a b',
])('%j is a TypeError that quotes it', (url) => {
  expect(() => addressOf(url)).toThrow(TypeError)
  expect(() => addressOf(url)).toThrow(`url: ${JSON.stringify(url)} is not an address`)
})

test('an address with a user and a password is refused, and the message hides the password', () => {
  expect(() => addressOf('https://ann:secret@host/')).toThrow(
    'url: "https://***@host/" names a user or a password, which is not sent: use `token`',
  )
})
