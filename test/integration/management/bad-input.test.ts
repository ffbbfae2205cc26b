import { describe, expect, test } from 'vitest'
import { enter } from '../../support/client.ts'
import { type Answer, caller, keys, managementKeys, mauth } from '../../support/management-caller.ts'
import { publishBoth } from '../../support/media.ts'
import { newRoom, startNode } from '../../support/node.ts'

/** Sends every kind of invalid request to every route of the OpenAPI document. The answer is 4xx with a code and a message. */

const node = await startNode({ env: { MANAGEMENT_KEYS: managementKeys } })
const call = caller(node.url)

type Operation = { requestBody?: object; parameters?: { in: string; name: string }[] }
const described = (await call('GET', '/docs/json')).body as {
  paths: { [path: string]: { [method: string]: Operation } }
}

type Route = { method: string; path: string; takesBody: boolean; takesPage: boolean }
const routes = Object.entries(described.paths).flatMap(([path, operations]) =>
  Object.entries(operations).map(([method, { requestBody, parameters = [] }]): Route => {
    const takesPage = parameters.some(({ in: place, name }) => place === 'query' && name === 'page')
    return { method: method.toUpperCase(), path, takesBody: requestBody !== undefined, takesPage }
  }),
)
const ofManagement = routes.filter(({ path }) => path !== '/v1/ice-servers')
const named = (chosen: Route[]) => chosen.map((route) => [`${route.method} ${route.path}`, route] as const)

/** A room with a participant that publishes a stream, so that each request has one error only. */
const room = newRoom()
const ann = await enter(node.url, { room })
const stream = await publishBoth(ann)
const at = ({ path }: Route, changes: { room?: string; id?: string } = {}) => {
  const id = path.includes('/streams/') ? stream : ann.id
  return path.replace('{room}', changes.room ?? encodeURIComponent(room)).replace('{id}', changes.id ?? id)
}

function expectClientError(answer: Answer, what: string): void {
  expect(answer.status, what).toBeGreaterThanOrEqual(400)
  expect(answer.status, what).toBeLessThan(500)
  expect(answer.body, what).toEqual({ error: { code: expect.any(Number), message: expect.stringMatching(/\S/) } })
}

test('the document has all routes', () => {
  expect(ofManagement.length).toBeGreaterThan(30)
})

/** The error, the bytes, their content type, and the status of a route with a body if it is not 400. */
const unserialized: [string, string, string, number?][] = [
  ['null', 'null', 'application/json'],
  ['a number', '5', 'application/json'],
  ['a string', '"x"', 'application/json'],
  ['a boolean', 'true', 'application/json'],
  ['a list of lists', '[[]]', 'application/json'],
  ['an unknown field', '{"event":"e","text":"t","user":"u","role":"r","name":"n","unknown":1}', 'application/json'],
  ['an unknown operation', '[{"op":"explode","path":"/x"}]', 'application/json'],
  ['a prototype', '{"__proto__":{"admin":true}}', 'application/json'],
  ['a constructor', '{"constructor":{"prototype":{"admin":true}}}', 'application/json'],
  ['incomplete JSON', '{"name":', 'application/json'],
  ['deep nesting', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, 'application/json'],
  ['a lone surrogate', '{"name":"\\ud800","event":"\\ud800","text":5}', 'application/json'],
  ['a megabyte', `{"name":"${'x'.repeat(1_000_000)}"}`, 'application/json', 413],
  ['XML', '<x/>', 'application/xml', 415],
  ['a form', 'name=x', 'application/x-www-form-urlencoded', 415],
  ['a file', 'x', 'multipart/form-data; boundary=x', 415],
  ['plain text', 'x', 'text/plain'],
  ['an invalid content type', '{}', 'nonsense', 415],
]

describe('an invalid body', () => {
  test.each(named(ofManagement.filter(({ takesBody }) => takesBody)))('of %s is refused', async (_name, route) => {
    const lenient = /\/(messages|announcements)$/.test(route.path) ? [] : ['an unknown field'] // as in OWT
    for (const [what, raw, type, status = 400] of unserialized) {
      if (lenient.includes(what)) continue
      const answer = await call(route.method, at(route), { raw, headers: { 'content-type': type } })
      expectClientError(answer, what)
      expect(answer.status, what).toBe(status)
    }
    for (const more of ['"unknown":1', '"__proto__":{"admin":true}', '"constructor":{"prototype":{}}']) {
      if (lenient.length > 0 && more.includes('unknown')) continue
      // added to a valid body
      const raw = JSON.stringify(goodBody(route).body).replace('{', `{${more},`)
      expectClientError(await call(route.method, at(route), { raw }), more)
    }
    expectClientError(await call(route.method, at(route)), 'none')
  })

  test.each(named(ofManagement.filter(({ method }) => method === 'DELETE')))(
    'of %s, which has none, is refused',
    async (_name, route) => {
      const address = at(route, route.path.includes('{id}') ? { id: 'nobody' } : { room: 'nowhere' })
      for (const [what, raw, type] of unserialized) {
        expectClientError(await call(route.method, address, { raw, headers: { 'content-type': type } }), what)
      }
    },
  )
})

const hostileIds = [
  '..%2F..%2F..%2Fetc%2Fpasswd',
  '%2e%2e%2f',
  '..%5c..%5c',
  '%00',
  '%0d%0aSet-Cookie:x',
  '*',
  '%7B%7D',
  '%7Bsb%7D:room',
  '__proto__',
  'constructor',
  '%F0%9F%92%A9',
  'x'.repeat(2000),
  'x'.repeat(5000),
  '%',
  '%zz',
  '%c0%ae%c0%ae',
  '%ed%a0%80',
]

describe('a hostile id', () => {
  test.each(named(ofManagement.filter(({ path }) => path.includes('{room}'))))(
    'of %s is refused',
    async (_name, route) => {
      const body = goodBody(route)
      for (const id of hostileIds) {
        expectClientError(await call(route.method, at(route, { room: id }), body), id)
        if (route.path.includes('{id}')) expectClientError(await call(route.method, at(route, { id }), body), id)
      }
    },
  )
})

describe('an id of another room', async () => {
  const other = newRoom()
  await enter(node.url, { room: other })
  test.each(named(ofManagement.filter(({ path }) => path.includes('{id}'))))(
    'of %s is not found',
    async (_name, route) => {
      const answer = await call(route.method, at(route, { room: encodeURIComponent(other) }), goodBody(route))
      expect(answer).toMatchObject({
        status: 404,
        body: { error: { code: route.path.includes('/streams/') ? 1004 : 1005 } },
      })
    },
  )

  test('does not receive a message', async () => {
    const path = `/v1/rooms/${encodeURIComponent(other)}/messages`
    const answer = await call('POST', path, { body: { event: 'e', to: ann.id } })
    expect(answer).toMatchObject({ status: 404, body: { error: { code: 1005 } } })
  })

  test('still exists in its own room after these requests', async () => {
    const path = `/v1/rooms/${encodeURIComponent(room)}`
    expect((await call('GET', `${path}/participants/${ann.id}`)).status).toBe(200)
    expect((await call('GET', `${path}/streams/${stream}`)).status).toBe(200)
  })
})

describe('an invalid query', () => {
  test.each(named(ofManagement.filter(({ takesPage }) => takesPage)))('of %s is refused', async (_name, route) => {
    for (const query of [
      'page=0',
      'page=x',
      'page=1.5',
      'page=-1',
      'page=1&page=2',
      'per_page=1e9',
      'per_page=',
      'page[]=1',
    ]) {
      const answer = await call(route.method, `${at(route)}?${query}`)
      if (query === 'page[]=1') expect(answer.status, query).toBeLessThan(500)
      else expectClientError(answer, query)
    }
  })
})

const unauthorized = [
  '',
  'Bearer',
  'Bearer ',
  'Bearer wrong',
  `Bearer ${keys.service.slice(1)}`,
  `Bearer ${keys.service} ${keys.service}`,
  `Basic ${Buffer.from(`service:${keys.service}`).toString('base64')}`,
  'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.',
  'MAuth',
  'MAuth realm=x',
  mauth('another key'),
  mauth(keys.service, { id: 'other' }),
  mauth(keys.service, { timestamp: '1406079112038' }),
  mauth(keys.service, { cnonce: '' }),
  mauth(keys.service, { signature: 'x' }),
  mauth(keys.service, { signature_method: 'none' }),
]

describe('a wrong credential', () => {
  test.each(named(ofManagement))('is refused by %s with the same answer, whatever is wrong', async (_name, route) => {
    const answers = new Set<string>()
    for (const authorization of unauthorized) {
      const answer = await call(route.method, at(route), { ...goodBody(route), headers: { authorization } })
      expect(answer.status, authorization).toBe(401)
      answers.add(answer.text)
    }
    expect([...answers]).toEqual([expect.stringContaining('1101')])
  })
})

test('a method that a path does not have is not found', async () => {
  for (const route of routes) {
    const answer = await call('TRACK', at(route)).catch(() => undefined)
    if (answer) expectClientError(answer, `${route.method} ${route.path}`)
    expectClientError(await call('PUT', `${at(route)}/x/y`, { body: {} }), route.path)
  }
})

test('the node logged no error for these requests', () => {
  expect(node.logs.lines.filter(({ level }) => level >= 50)).toEqual([])
})

/** A valid body for the route. */
function goodBody({ method, path, takesBody }: Route): { body?: unknown } {
  if (!takesBody) return {}
  if (path.endsWith('/tokens')) return { body: { user: 'u', role: 'presenter' } }
  if (path.endsWith('/messages')) return { body: { event: 'e' } }
  if (path.endsWith('/announcements')) return { body: { text: 't' } }
  if (path.endsWith('/rooms')) return { body: { name: 'n' } }
  if (path.includes('/participants/')) {
    return { body: [{ op: 'replace', path: '/permission/publish/audio', value: true }] }
  }
  if (path.includes('/streams/')) return { body: [{ op: 'replace', path: '/media/audio/status', value: 'active' }] }
  return { body: method === 'PUT' ? { participantLimit: 5 } : [{ op: 'replace', path: '/participantLimit', value: 5 }] }
}
