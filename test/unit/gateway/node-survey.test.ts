import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { NodeSurvey } from '../../../src/gateway/proxy/node-survey.ts'

/** Starts a neighbour that answers `/node/store` so. Resolves to its URL. */
async function neighbour(status: number, body: string): Promise<string> {
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/below/node/store' ? status : 500
    response.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/below/`
}

/** Whether all neighbours at these addresses say that they are cut off. */
async function allCutOff(urls: string[]): Promise<boolean> {
  const own = 'http://127.0.0.1:1'
  const infos = [own, ...urls].map((url, index) => ({ id: `node${index}`, url, version: '', connections: 0 }))
  let isListed = () => {}
  const listed = new Promise<void>((resolve) => {
    isListed = resolve
  })
  const nodes = async () => {
    setImmediate(isListed)
    return infos
  }
  const survey = new NodeSurvey('node0', { nodes, failed: () => {} })
  survey.start(30_000)
  onTestFinished(() => survey.stop())
  await listed
  return survey.allCutOff()
}

const cutOff = () => neighbour(200, '{"reachable":false}')

test('all neighbours are cut off if each of them says so', async () => {
  expect(await allCutOff([await cutOff(), await cutOff()])).toBe(true)
})

test.each<[string, () => Promise<string>]>([
  ['reaches the store', () => neighbour(200, '{"reachable":true}')],
  ['has an older version without the route', () => neighbour(404, '{"reachable":false}')],
  ['answers something else', () => neighbour(200, 'null')],
  ['answers no JSON', () => neighbour(200, '<html>')],
  ['refuses connections', async () => 'http://127.0.0.1:1'],
])('not all neighbours are cut off while one %s', async (_name, other) => {
  expect(await allCutOff([await cutOff(), await other()])).toBe(false)
})

test('a node that knows no neighbour does not take all for cut off', async () => {
  expect(await allCutOff([])).toBe(false)
})
