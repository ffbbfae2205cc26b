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
])('the url %s is read as Socket.IO of %s at %s', (url, origin, path) => {
  expect(addressOf(url)).toMatchObject({ origin, path })
  expect(addressOf(new URL(url))).toMatchObject({ path })
})

test('the option path replaces the path of the url', () => {
  expect(addressOf('https://host/signal', '/other/')).toEqual({ origin: 'https://host', path: '/other/', query: {} })
})

test('the query of the url is decoded once, for the handshake', () => {
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
])('the url %j is refused with a TypeError that quotes it', (url) => {
  expect(() => addressOf(url)).toThrow(TypeError)
  expect(() => addressOf(url)).toThrow(`url: ${JSON.stringify(url)} is not a valid URL`)
})

test('an address with a user and a password is refused, and the message hides the password', () => {
  expect(() => addressOf('https://ann:secret@host/')).toThrow(
    'url: "https://***@host/" has a user or a password, which is not sent: use the option `token`',
  )
})
