import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { token } from '../../src/cli/commands/token.ts'
import { newRoom, startNode, testSecret } from '../support/node.ts'
import { keys, managementKeys } from './management/caller.ts'

const env = { MANAGEMENT_KEYS: managementKeys }
const asked = await startNode({ env })
const published = await startNode({ env: { ...env, PUBLIC_URL: 'https://rtc.example.org', TRUST_PROXY: 'true' } })

/** Asks for a token over a connection to 127.0.0.1, with headers of our own: `fetch` writes `Host` itself. */
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
    const asking = request(options, async (answer) => {
      const parts = await answer.toArray()
      const text = Buffer.concat(parts).toString()
      if (answer.statusCode === 200) resolve(JSON.parse(Buffer.from(text, 'base64').toString()))
      else reject(new Error(text))
    })
    asking.on('error', reject)
    asking.end(JSON.stringify({ user: 'ann', role: 'presenter' }))
  })
}

async function paths(url: string): Promise<string[]> {
  const _id = newRoom().replace(' ', '-')
  const headers = { authorization: `Bearer ${keys.service}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ name: 'a room', _id })
  await fetch(new URL('/v1/rooms', url), { method: 'POST', headers, body })
  return ['/tokens/', `/v1/rooms/${_id}/tokens/`, `/v1.1/rooms/${_id}/tokens/`]
}

describe('PUBLIC_URL is what a token names, whatever the request says', () => {
  test.each([
    ['an address inside', { host: '10.0.0.7:8080' }],
    ['a host without its port, as OWT’s client sends it', { host: '10.0.0.7' }],
    ['a host of its own invention', { host: 'evil.example' }],
    ['a proxy', { 'x-forwarded-host': 'inside.example', 'x-forwarded-proto': 'http' }],
  ])('%s', async (_name, headers) => {
    for (const path of await paths(published.url)) {
      expect(await tokenOf(published.url, path, headers)).toMatchObject({ host: 'rtc.example.org', secure: true })
    }
  })

  test('with its port, and without TLS', async () => {
    const node = await startNode({ env: { ...env, PUBLIC_URL: 'http://Rtc.Example:8080/' } })
    for (const path of await paths(node.url)) {
      expect(await tokenOf(node.url, path, {})).toMatchObject({ host: 'rtc.example:8080', secure: false })
    }
  })

  test('a token that the CLI signs, too, unless --host names another', async () => {
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
    expect(await settings(asked)).toEqual({})
    const below = await startNode({ env: { PUBLIC_URL: 'https://rtc.example.org/signal' } })
    expect(await settings(below)).toEqual({ publicUrl: 'https://rtc.example.org/signal/' })
  })
})

describe('without PUBLIC_URL a token names the host of the request', () => {
  const port = new URL(asked.url).port

  test.each([
    ['as it is', 'rtc.example:444', 'rtc.example:444'],
    ['without a port, which a proxy may have taken', 'rtc.example', 'rtc.example'],
    ['another address without a port', '10.0.0.7', '10.0.0.7'],
    ['with the port that OWT’s client left out, where it is this node’s own address', '127.0.0.1', `127.0.0.1:${port}`],
    ['with the port that OWT’s client left out of localhost', 'localhost', `localhost:${port}`],
    ['its own address with another port, as through a tunnel', '127.0.0.1:81', '127.0.0.1:81'],
  ])('%s', async (_name, host, expected) => {
    for (const path of await paths(asked.url)) {
      expect(await tokenOf(asked.url, path, { host })).toMatchObject({ host: expected, secure: false })
    }
  })

  test('over IPv6 in brackets', async () => {
    const node = await startNode({ env: { HOST: '::1' } })
    const { port } = node.app.http.server.address() as { port: number }
    const [answer] = await Promise.all([
      new Promise<string>((resolve, reject) => {
        const options = { host: '::1', port, path: '/tokens/', method: 'POST', headers: { host: '[::1]' } }
        const asking = request(options, async (response) => resolve(Buffer.concat(await response.toArray()).toString()))
        asking.setHeader('content-type', 'application/json')
        asking.on('error', reject)
        asking.end('{}')
      }),
    ])
    expect(JSON.parse(Buffer.from(answer, 'base64').toString())).toMatchObject({ host: `[::1]:${port}` })
  })
})
