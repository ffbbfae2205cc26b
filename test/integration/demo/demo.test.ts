import { readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { io } from 'socket.io-client'
import { describe, expect, test } from 'vitest'
import { startNode } from '../../support/node.ts'

const folder = join(import.meta.dirname, '../../../demo')
const files = readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
  .filter((file) => file.isFile())
  .map((file) => join(file.parentPath, file.name).slice(folder.length + 1))

const node = await startNode({ env: { MANAGEMENT_KEYS: 'me:a key for the tests of the demo' } })
const get = (path: string) => fetch(new URL(path, node.url))

/** Sends the path unchanged: `fetch` would resolve `..` in it. */
function requestUnchanged(path: string): Promise<{ status: number | undefined; text: string }> {
  const { hostname, port } = new URL(node.url)
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path }, (answer) => {
      let text = ''
      answer.on('data', (part) => {
        text += part
      })
      answer.on('end', () => resolve({ status: answer.statusCode, text }))
    })
    sent.on('error', reject).end()
  })
}

const types: { [ending: string]: string } = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'application/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

describe('the pages', () => {
  test('the root is the lobby', async () => {
    const page = await get('/')
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toBe(types.html)
    expect(await page.text()).toBe(readFileSync(join(folder, 'index.html'), 'utf8'))
  })

  test.each(files)('%s is served with its type', async (path) => {
    const file = await get(path)
    expect(file.status).toBe(200)
    expect(file.headers.get('content-type')).toBe(types[path.split('.').at(-1) ?? ''])
    expect(await file.text()).toBe(readFileSync(join(folder, path), 'utf8'))
  })

  test('the built client is served, and exports all names that the pages import', async () => {
    const client = await get('/client/signalbox-client.bundle.min.js')
    expect(client.status).toBe(200)
    expect(client.headers.get('content-type')).toBe(types.js)
    const sdk = readFileSync(join(folder, 'js/sdk.js'), 'utf8')
    const [, imported = ''] = /export \{([^}]+)\}/.exec(sdk) ?? []
    const exported = /export\{([^}]+)\}/.exec(await client.text())?.[1] ?? ''
    expect(exported.split(',').map((name) => name.split(' as ').at(-1))).toEqual(
      expect.arrayContaining(imported.split(',').flatMap((name) => name.trim() || [])),
    )
    expect((await get('/socket.io/socket.io.esm.min.js')).status).toBe(200)
  })

  test('every file to which a page or a module refers is served', async () => {
    const named = files.flatMap((path) => {
      const text = readFileSync(join(folder, path), 'utf8')
      const links = path.endsWith('.html') ? text.matchAll(/(?:src|href)="([^"#]+)/g) : text.matchAll(/from '([^']+)'/g)
      return [...links].map(([, link = '']) => new URL(link, new URL(path, node.url)).pathname)
    })
    expect(named.length).toBeGreaterThan(40)
    for (const path of new Set(named)) expect((await get(path)).status, path).toBe(200)
  })

  test('no page has an inline script or style, because its policy does not permit them', () => {
    for (const path of files.filter((path) => path.endsWith('.html'))) {
      const text = readFileSync(join(folder, path), 'utf8')
      expect(text, path).not.toMatch(/<script(?![^>]* src=)|<style|\s(on\w+|style)=/)
    }
  })

  test('an unknown file is answered with 404 in the format of all errors', async () => {
    for (const path of ['/nothing.html', '/js/nothing.js', '/client/index.js', '/css', '/client']) {
      const answer = await get(path)
      expect(answer.status, path).toBe(404)
      expect(await answer.json()).toEqual({ error: { code: 1001, message: 'Resource not found' } })
    }
  })

  test('a path that leaves the folder is refused', async () => {
    const paths = ['/../package.json', '/js/../../package.json', '/%2e%2e/package.json', '/..%2fpackage.json']
    for (const path of [...paths, '/client/../main.js', '/client/..%2f..%2fpackage.json', '//package.json']) {
      const { status, text } = await requestUnchanged(path)
      expect(status, path).toBeGreaterThanOrEqual(400)
      expect(text, path).not.toContain('signalbox')
    }
  })
})

describe('the Content-Security-Policy of the pages', () => {
  const policyOf = async (path: string) => (await get(path)).headers.get('content-security-policy')?.split('; ')

  test('permits scripts and connections of this server only; other headers permit camera, microphone and screen', async () => {
    expect(await policyOf('/')).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ])
    expect((await get('/')).headers.get('permissions-policy')).toBe(
      'camera=(self), microphone=(self), display-capture=(self)',
    )
    expect((await get('/')).headers.get('x-content-type-options')).toBe('nosniff')
  })

  test('permits connections to the nodes in the query of the page, and to no other value in it', async () => {
    const nodes = 'http://a:1,https://b.example/path&node=http://c'
    expect(await policyOf(`/?room=x&node=${nodes}`)).toContain(
      "connect-src 'self' http://a:1 ws://a:1 https://b.example wss://b.example http://c ws://c",
    )
    const wrong = encodeURIComponent("x; script-src *,javascript:1,http://,file:///etc,http://a b,'unsafe-inline'")
    expect(await policyOf(`/?node=${wrong}`)).toContain("connect-src 'self'")
  })
})

describe('next to the pages', () => {
  test('the node serves API, documentation, tokens and Socket.IO as without them', async () => {
    expect((await get('/docs')).headers.get('content-type')).toContain('text/html')
    expect(await (await get('/docs')).text()).toContain('Signalbox API')
    expect((await get('/v1/rooms')).status).toBe(401)
    expect((await get('/v1/ice-servers')).status).toBe(401)
    const token = await fetch(new URL('/tokens/', node.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    expect(token.headers.get('content-type')).toContain('text/plain')
    expect(await (await get('/socket.io/?EIO=4&transport=polling')).text()).toMatch(/^0\{"sid"/)
    for (const path of files) expect(path).not.toMatch(/^(v1|v1\.1|docs|tokens|socket\.io|healthz|readyz|metrics)\b/)
  })

  test('other answers do not have the policy of the pages', async () => {
    expect((await get('/v1/rooms')).headers.get('content-security-policy')).toBeNull()
    expect((await get('/docs')).headers.get('content-security-policy')).not.toContain('require-trusted-types-for')
  })

  test('the id of a connection contains the id of its node', async () => {
    const named = await startNode({ env: { NODE_ID: 'north.1' } })
    const socket = io(new URL('/rooms', named.url).href, { transports: ['websocket'], forceNew: true })
    await new Promise((resolve) => socket.once('connect', () => resolve(undefined)))
    expect(socket.io.engine.id).toMatch(/^north\.1\.[\w-]{20}$/)
    socket.disconnect()
  })
})

describe('in production', () => {
  test('a node serves no pages', async () => {
    const production = await startNode({ env: { NODE_ENV: 'production' } })
    for (const path of ['/', '/index.html', '/js/main.js', '/client/signalbox-client.bundle.min.js']) {
      const answer = await fetch(new URL(path, production.url))
      expect(answer.status, path).toBe(404)
      expect(await answer.json()).toEqual({ error: { code: 1001, message: 'Resource not found' } })
    }
  })

  test('a node with DEMO=true serves them', async () => {
    const shown = await startNode({ env: { NODE_ENV: 'production', DEMO: 'true' } })
    expect((await fetch(shown.url)).status).toBe(200)
  })
})
