import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { NodeSurvey } from '../../../src/gateway/proxy/node-survey.ts'

/** Starts another node that gives this answer at `/node/store`. Resolves to its URL. */
async function otherNode(status: number, body: string): Promise<string> {
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

/** Whether all nodes at these URLs answer that they are cut off. */
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

const cutOff = () => otherNode(200, '{"reachable":false}')

test('all other nodes are cut off if each of them answers so', async () => {
  expect(await allCutOff([await cutOff(), await cutOff()])).toBe(true)
})

test.each<[string, () => Promise<string>]>([
  ['reaches the store', () => otherNode(200, '{"reachable":true}')],
  ['has an older version without the route', () => otherNode(404, '{"reachable":false}')],
  ['answers something else', () => otherNode(200, 'null')],
  ['answers no JSON', () => otherNode(200, '<html>')],
  ['refuses connections', async () => 'http://127.0.0.1:1'],
])('not all other nodes are cut off while one %s', async (_name, other) => {
  expect(await allCutOff([await cutOff(), await other()])).toBe(false)
})

test('without other nodes the result is false', async () => {
  expect(await allCutOff([])).toBe(false)
})
