import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { token } from '../../src/cli/commands/token.ts'
import { keys, managementKeys } from '../support/management-caller.ts'
import { newRoom, startNode, testSecret } from '../support/node.ts'

const env = { MANAGEMENT_KEYS: managementKeys }
const unpublished = await startNode({ env })
const published = await startNode({ env: { ...env, PUBLIC_URL: 'https://rtc.example.org', TRUST_PROXY: 'true' } })

/** Requests a token from 127.0.0.1 with a `Host` header of the test, which `fetch` would replace. */
function tokenOf(url: string, path: string, headers: { [name: string]: string }): Promise<object> {
  const { port } = new URL(url)
  const authorization = `Bearer ${keys.service}`
  const options = {
    host: '127.0.0.1',
    port,
    path,
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json', ...headers },
  }
  return new Promise((resolve, reject) => {
    const outgoing = request(options, async (answer) => {
      const parts = await answer.toArray()
      const text = Buffer.concat(parts).toString()
      if (answer.statusCode === 200) resolve(JSON.parse(Buffer.from(text, 'base64').toString()))
      else reject(new Error(text))
    })
    outgoing.on('error', reject)
    outgoing.end(JSON.stringify({ user: 'ann', role: 'presenter' }))
  })
}

async function paths(url: string): Promise<string[]> {
  const _id = newRoom().replace(' ', '-')
  const headers = { authorization: `Bearer ${keys.service}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ name: 'a room', _id })
  await fetch(new URL('/v1/rooms', url), { method: 'POST', headers, body })
  return ['/tokens/', `/v1/rooms/${_id}/tokens/`, `/v1.1/rooms/${_id}/tokens/`]
}

describe('PUBLIC_URL is the address in', () => {
  test.each([
    ['an internal address as host', { host: '10.0.0.7:8080' }],
    ['a host without its port, as OWT’s client sends it', { host: '10.0.0.7' }],
    ['a forged host', { host: 'evil.example' }],
    ['headers of a proxy', { 'x-forwarded-host': 'inside.example', 'x-forwarded-proto': 'http' }],
  ])('a token that is requested with %s', async (_name, headers) => {
    for (const path of await paths(published.url)) {
      expect(await tokenOf(published.url, path, headers)).toMatchObject({ host: 'rtc.example.org', secure: true })
    }
  })

  test('a token, with its port and without TLS', async () => {
    const node = await startNode({ env: { ...env, PUBLIC_URL: 'http://Rtc.Example:8080/' } })
    for (const path of await paths(node.url)) {
      expect(await tokenOf(node.url, path, {})).toMatchObject({ host: 'rtc.example:8080', secure: false })
    }
  })

  test('a token that the CLI signs, unless --host has another', async () => {
    const signed = async (...more: string[]) => {
      const printed: string[] = []
      const print = (line: string) => void printed.push(line)
      const environment = { SIGNALBOX_SECRET: testSecret, PUBLIC_URL: 'https://rtc.example.org' }
      const args = ['--room', 'r', '--user', 'u', ...more]
      await token.run(args, { environment, program: ['signalbox'], print, warn: print })
      return JSON.parse(Buffer.from(printed.join(''), 'base64').toString())
    }
    expect(await signed()).toMatchObject({ host: 'rtc.example.org', secure: true })
    expect(await signed('--host', 'a.example:1')).toMatchObject({ host: 'a.example:1', secure: false })
  })

  test('links of the demo, with its path', async () => {
    const settings = async ({ url }: { url: string }) => (await fetch(new URL('/settings.json', url))).json()
    expect(await settings(published)).toEqual({ publicUrl: 'https://rtc.example.org/' })
    expect(await settings(unpublished)).toEqual({})
    const prefixed = await startNode({ env: { PUBLIC_URL: 'https://rtc.example.org/signal' } })
    expect(await settings(prefixed)).toEqual({ publicUrl: 'https://rtc.example.org/signal/' })
  })
})

describe('without PUBLIC_URL a token has the host of the request', () => {
  const port = new URL(unpublished.url).port

  test.each([
    ['with its port', 'rtc.example:444', 'rtc.example:444'],
    ['without a port, which a proxy may have removed', 'rtc.example', 'rtc.example'],
    ['without a port, if it is another address', '10.0.0.7', '10.0.0.7'],
    ['with the port that OWT’s client omits, if it is the node’s own address', '127.0.0.1', `127.0.0.1:${port}`],
    ['with the port that OWT’s client omits, if it is localhost', 'localhost', `localhost:${port}`],
    ['with another port of the node’s own address, as through a tunnel', '127.0.0.1:81', '127.0.0.1:81'],
  ])('%s', async (_name, host, expected) => {
    for (const path of await paths(unpublished.url)) {
      expect(await tokenOf(unpublished.url, path, { host })).toMatchObject({ host: expected, secure: false })
    }
  })

  test('in brackets, if it is an IPv6 address', async () => {
    const node = await startNode({ env: { HOST: '::1' } })
    const { port } = node.app.http.server.address() as { port: number }
    const [answer] = await Promise.all([
      new Promise<string>((resolve, reject) => {
        const options = { host: '::1', port, path: '/tokens/', method: 'POST', headers: { host: '[::1]' } }
        const outgoing = request(options, async (response) =>
          resolve(Buffer.concat(await response.toArray()).toString()),
        )
        outgoing.setHeader('content-type', 'application/json')
        outgoing.on('error', reject)
        outgoing.end('{}')
      }),
    ])
    expect(JSON.parse(Buffer.from(answer, 'base64').toString())).toMatchObject({ host: `[::1]:${port}` })
  })
})
