import { expect, test } from 'vitest'
import { caller, keys, managementKeys } from '../../support/management-caller.ts'
import { startNode } from '../../support/node.ts'

const node = await startNode({ env: { MANAGEMENT_KEYS: managementKeys } })
const call = caller(node.url)

type Operation = { responses?: object; summary?: string; requestBody?: object; security?: object[] }
const { body } = await call('GET', '/docs/json', { headers: { authorization: '' } })
const document = body as { openapi: string; paths: { [path: string]: { [method: string]: Operation } } }
const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
  Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
)

/** The routes from the tree that Fastify prints, such as `GET /v1/rooms/{room}`. */
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

test('the document describes exactly the routes that are served below /v1 and /v1.1', () => {
  const routes = served().filter((route) => /^(?!HEAD|OPTIONS)\w+ \/v1(\.1)?\//.test(route))
  expect(routes.length).toBeGreaterThan(30)
  expect(documented.toSorted()).toEqual(routes.toSorted())
})

test('every route has a summary, its answers and, if it has one, its body', () => {
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, { summary, responses, requestBody }] of Object.entries(operations)) {
      const route = `${method} ${path}`
      expect(summary, route).toBeTruthy()
      expect(Object.keys(responses ?? {}), route).toEqual(['200', '4XX', '5XX'])
      expect(requestBody !== undefined, route).toBe(['post', 'put', 'patch'].includes(method))
    }
  }
})

test('an answer has the fields that its schema requires', async () => {
  const made = await call('POST', '/v1/rooms', { body: { name: 'n', _id: 'described' } })
  const schema = document.paths['/v1/rooms']?.post as {
    responses: { 200: { content: { [type: string]: { schema: { required: string[] } } } } }
  }
  const { required } = schema.responses[200].content['application/json']?.schema ?? { required: [] }
  expect(required.length).toBeGreaterThan(5)
  for (const field of required) expect(made.body).toHaveProperty(field)
})

test('the page consists of files of this node, and its policy allows no others', async () => {
  const page = await call('GET', '/docs', { headers: { authorization: '' } })
  expect(page.type).toContain('text/html')
  const links = [...page.text.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, link = '']) => link)
  expect(links.length).toBeGreaterThan(4)
  for (const link of links) {
    expect(link).toMatch(/^\.\//)
    const file = await call('GET', `/docs/${link}`, { headers: { authorization: '' } })
    expect(file.status, link).toBe(200)
    expect(file.text, link).toBeTruthy()
  }
  expect(page.headers.get('content-security-policy')).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  )
})

test.each([
  ['/docs', 'docs/'],
  ['/docs?x=1', 'docs/'],
  ['/docs/?x=1', './'],
])('%s redirects to the page without a query, by a relative address', async (path, location) => {
  const answer = await fetch(`${node.url}${path}`, { redirect: 'manual' })
  expect([answer.status, answer.headers.get('location')]).toEqual([308, location])
})

test.each(['/docs/static/none', '/docs/static/..%2findex.js', '/docs/none'])(
  '%s is answered with 404',
  async (path) => {
    expect((await fetch(`${node.url}${path}`)).status).toBe(404)
  },
)

test('neither the pages nor the log contain a key', async () => {
  for (const path of ['/docs', '/docs/json', '/docs/static/swagger-initializer.js']) {
    const { text } = await call('GET', path)
    for (const key of Object.values(keys)) expect(text).not.toContain(key)
  }
  expect(node.logs.text).not.toContain(keys.service)
})
