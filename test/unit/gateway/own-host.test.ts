import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { isOwnOrigin } from '../../../src/gateway/handshake/own-host.ts'

type Headers = { [name: string]: string | string[] }

/** A request from a proxy at 127.0.0.1. */
const requestWith = (headers: Headers) =>
  ({ headers, socket: { remoteAddress: '127.0.0.1' } }) as unknown as IncomingMessage

const isOwn = (origin: string, headers: Headers, trusted = true) =>
  isOwnOrigin(origin, requestWith(headers), (address, hop) => trusted && address === '127.0.0.1' && hop === 0)

test.each([
  ['https://app.example', 'app.example'],
  ['http://app.example', 'app.example'],
  ['https://app.example', 'app.example:443'],
  ['http://app.example', 'app.example:80'],
  ['https://app.example', 'app.example:80'],
  ['https://app.example:8443', 'app.example:8443'],
  ['http://app.example:443', 'app.example:443'],
  ['https://app.example', 'App.Example:443'],
  ['https://app.example', 'app.example.'],
  ['https://app.example.', 'app.example:443'],
  ['https://xn--bcher-kva.example', 'xn--bcher-kva.example:443'],
  ['https://[2001:db8::1]', '[2001:db8::1]:443'],
  ['https://[2001:db8::1]', '[2001:DB8:0:0::1]'],
  ['http://[::1]:8080', '[::1]:8080'],
  ['http://127.0.0.1:8080', '127.0.0.1:8080'],
])('the origin %s is the own host of a request to %s', (origin, host) => {
  expect(isOwn(origin, { host })).toBe(true)
})

test.each([
  ['https://evil.example', 'app.example'],
  ['https://app.example.evil.example', 'app.example'],
  ['https://app.example:8443', 'app.example'],
  ['https://app.example:8443', 'app.example:443'],
  ['https://app.example', 'app.example:8443'],
  ['http://app.example:443', 'app.example'],
  ['https://[2001:db8::1]', '[2001:db8::2]'],
  ['https://app.example', ''],
  ['https://app.example', 'evil.example@app.example'],
  ['https://app.example', 'app.example/evil.example'],
  ['https://app.example', 'app.example:443:443'],
  ['null', 'app.example'],
  ['file://', ''],
  ['app.example', 'app.example'],
])('the origin %s is not the own host of a request to %s', (origin, host) => {
  expect(isOwn(origin, { host })).toBe(false)
})

describe('behind a proxy', () => {
  const host = 'node-1:8080'

  test.each<[string, Headers]>([
    ['https://app.example', { host, 'x-forwarded-host': 'app.example' }],
    ['https://app.example', { host, 'x-forwarded-host': 'app.example:443', 'x-forwarded-proto': 'https' }],
    ['https://app.example', { host, 'x-forwarded-host': 'app.example, inner.example' }],
    ['https://app.example:8443', { host, 'x-forwarded-host': 'app.example:8443' }],
    ['https://app.example:8443', { host, 'x-forwarded-host': 'app.example', 'x-forwarded-port': '8443' }],
    ['https://app.example:8443', { host: 'app.example', 'x-forwarded-port': '8443' }],
    ['https://[::1]:8443', { host: '[::1]', 'x-forwarded-port': '8443' }],
  ])('the origin %s is the own host of %j only if the proxy is trusted', (origin, headers) => {
    expect(isOwn(origin, headers)).toBe(true)
    expect(isOwn(origin, headers, false)).toBe(false)
  })

  test('the internal host behind a trusted proxy is not the own host: no browser uses it', () => {
    expect(isOwn('http://node-1:8080', { host, 'x-forwarded-host': 'app.example' })).toBe(false)
  })
})
