import { expect, test } from 'vitest'
import { startNode } from '../../support/node.ts'
import { caller, keys, managementKeys } from './caller.ts'

const node = await startNode({ env: { MANAGEMENT_KEYS: managementKeys } })
const call = caller(node.url)

type Operation = { responses?: object; summary?: string; requestBody?: object; security?: object[] }
const { body } = await call('GET', '/docs/json', { headers: { authorization: '' } })
const document = body as { openapi: string; paths: { [path: string]: { [method: string]: Operation } } }
const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
  Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
)

/** `GET /v1/rooms/{room}`, as Fastify prints its tree of routes. */
function served(): string[] {
  const routes: string[] = []
  const above: string[] = []
  for (const line of node.app.http.printRoutes({ commonPrefix: false }).split('\n')) {
    const [, indent = '', segment = '', methods = ''] = /^([│ ]*)[├└]── (\S*) \((.*)\)$/.exec(line) ?? []
    if (segment === '') continue
    const depth = indent.length / 4
    above.splice(depth)
    above.push(segment)
    const path = above.join('').replace(/:(\w+)/g, '{$1}')
    routes.push(...methods.split(', ').map((method) => `${method} ${path}`))
  }
  return routes
}

test('what is served under /v1 and /v1.1 is described, and what is described is served', () => {
  const routes = served().filter((route) => /^(?!HEAD|OPTIONS)\w+ \/v1(\.1)?\//.test(route))
  expect(routes.length).toBeGreaterThan(30)
  expect(documented.toSorted()).toEqual(routes.toSorted())
})

test('every route says what it does, what it takes and what it answers', () => {
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, { summary, responses, requestBody }] of Object.entries(operations)) {
      const route = `${method} ${path}`
      expect(summary, route).toBeTruthy()
      expect(Object.keys(responses ?? {}), route).toEqual(['200', '4XX', '5XX'])
      expect(requestBody !== undefined, route).toBe(['post', 'put', 'patch'].includes(method))
    }
  }
})

test('what is answered is as described', async () => {
  const made = await call('POST', '/v1/rooms', { body: { name: 'n', _id: 'described' } })
  const schema = document.paths['/v1/rooms']?.post as {
    responses: { 200: { content: { [type: string]: { schema: { required: string[] } } } } }
  }
  const { required } = schema.responses[200].content['application/json']?.schema ?? { required: [] }
  expect(required.length).toBeGreaterThan(5)
  for (const field of required) expect(made.body).toHaveProperty(field)
})

test('the page for people names every route, and fetches nothing', async () => {
  const page = await call('GET', '/docs/', { headers: { authorization: '' } })
  expect(page.type).toContain('text/html')
  for (const path of Object.keys(document.paths)) expect(page.text).toContain(`<code>${path}</code>`)
  expect(page.text).not.toMatch(/<script|<link|<img|@import|https?:/)
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
})

test('no key is told', async () => {
  for (const path of ['/docs', '/docs/json']) {
    const { text } = await call('GET', path)
    for (const key of Object.values(keys)) expect(text).not.toContain(key)
  }
  expect(node.logs.text).not.toContain(keys.service)
})
