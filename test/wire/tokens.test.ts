import { beforeAll, expect, test } from 'vitest'
import { readToken } from '../../src/core/tokens.ts'
import { startNode, type TestNode, testSecret } from '../support/node.ts'

let node: TestNode

beforeAll(async () => {
  node = await startNode()
})

/** Asks as OWT's sample pages do, with their trailing slash. */
async function ask(body: object, { url }: TestNode = node): Promise<{ status: number; text: string }> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}/tokens/`, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: response.status, text: await response.text() }
}

test('the token says who may enter which room, and where to connect', async () => {
  const { text } = await ask({ room: 'a room', user: 'ann', role: 'viewer' })
  expect(readToken([testSecret], text, Date.now())).toMatchObject({ room: 'a room', user: 'ann', role: 'viewer' })
  const fields = JSON.parse(Buffer.from(text, 'base64').toString())
  expect(fields).toMatchObject({ host: new URL(node.url).host, secure: false })
})

test.each([{}, { room: '' }])('%j is for the sample room, as a page without ?room= asks for it', async (body) => {
  const { text } = await ask({ user: 'ann', role: 'presenter', ...body })
  expect(readToken([testSecret], text, Date.now())).toMatchObject({ room: 'sampleRoom' })
})

test('what is no request for a token is refused', async () => {
  const { status, text } = await ask({ room: 5, user: { a: 1 } })
  expect(status).toBe(400)
  expect(JSON.parse(text)).toEqual({ error: { code: expect.any(String), message: expect.any(String) } })
})

test('in production nobody is given one', async () => {
  const production = await startNode({ env: { NODE_ENV: 'production' } })
  expect(await ask({ room: 'a room' }, production)).toMatchObject({ status: 404 })
})
