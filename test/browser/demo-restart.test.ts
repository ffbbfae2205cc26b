import { expect, test } from 'vitest'
import { useBrowser } from '../support/browser.ts'
import { newRoom } from '../support/node.ts'
import { type NodeProcess, startProcess } from '../support/process.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'
import { DemoPage } from './demo-page.ts'

const browser = useBrowser()

/** A node as `npm start` starts it: rooms in memory, and a secret that it made up. */
const developmentNode = (): Promise<NodeProcess> =>
  startProcess({
    redisUrl: redisUrl(),
    prefix: randomPrefix(),
    env: { REDIS_URL: '', SIGNALBOX_SECRET: '', ICE_SERVERS: '[]' },
  })

const visit = async (url: string, name: string) => new DemoPage(await browser.visit(url), name)

/** As Ctrl-C and `npm start` do it. */
async function restart(node: NodeProcess): Promise<void> {
  node.kill('SIGINT')
  await node.restart()
}

const sentence = 'The server was restarted and no longer knew you, so you had to enter again.'

test('two pages enter their room again after a restart of a development node, and show what happened', async () => {
  const [node, room] = [await developmentNode(), newRoom()]
  const [ann, bob] = [await visit(node.url, 'Ann'), await visit(node.url, 'Bob')]
  for (const person of [ann, bob]) await person.enter(room)
  await bob.send('before')
  await ann.at('#messages').getByText('before').waitFor()
  await restart(node)
  for (const person of [ann, bob]) await person.at('#notices').getByText(sentence).waitFor()
  for (const person of [ann, bob]) await person.at('#people-count').getByText('2 people').waitFor()
  await bob.send('after')
  await ann.at('#messages').getByText('after').waitFor()
  expect(await ann.at('#node').getAttribute('data-state')).toBe('connected')
})

test('the lobby connects again after a restart of a development node, and can enter a room', async () => {
  const [node, room] = [await developmentNode(), newRoom()]
  const ann = await visit(node.url, 'Ann')
  const status = ann.at('#lobby-status')
  await status.and(ann.at('[data-state=connected]')).waitFor()
  const before = await status.textContent()
  await restart(node)
  await ann.page.waitForFunction(
    ([selector, text]) => {
      const { document } = globalThis as unknown as {
        document: { querySelector(what: string): { textContent: string; dataset: { state: string } } }
      }
      const { textContent, dataset } = document.querySelector(selector ?? '')
      return dataset.state === 'connected' && textContent !== text
    },
    ['#lobby-status', before],
  )
  await ann.enter(room)
})

test.each([
  ['exchanger.html', '#channel'],
  ['p2p.html', undefined],
])('%s connects again after a restart of a development node', async (path, field) => {
  const node = await developmentNode()
  const ann = await visit(`${node.url}/${path}`, 'Ann')
  await ann.at('#nickname').fill('Ann')
  if (field) await ann.at(field).fill(newRoom())
  await ann.at('#enter').click()
  await ann.at('#room').waitFor()
  const before = await ann.at('#node').textContent()
  await restart(node)
  await ann.page.waitForFunction(
    ([text]) => {
      const { document } = globalThis as unknown as {
        document: { getElementById(id: string): { textContent: string; dataset: { state: string } } }
      }
      const { textContent, dataset } = document.getElementById('node')
      return dataset.state === 'connected' && textContent !== text
    },
    [before],
  )
  await ann.at('#room').waitFor()
})

test('two pages stay in their room while the secret is replaced in three restarts', async () => {
  const [oldKey, newKey] = ['the key that the restarts replace', 'the key that the restarts bring in']
  const env = { ICE_SERVERS: '[]', ANONYMOUS_DIALECTS: 'none', DRAIN_SECONDS: 0, SIGNALBOX_SECRET: oldKey }
  let node = await startProcess({ redisUrl: redisUrl(), prefix: randomPrefix(), env })
  const room = newRoom()
  const [ann, bob] = [await visit(node.url, 'Ann'), await visit(node.url, 'Bob')]
  for (const person of [ann, bob]) await person.enter(room)
  for (const secret of [`${oldKey},${newKey}`, `${newKey},${oldKey}`, newKey]) {
    node.kill('SIGTERM')
    node = await node.restart({ SIGNALBOX_SECRET: secret })
    await bob.send(`after ${secret}`)
    await ann.at('#messages').getByText(`after ${secret}`, { exact: true }).waitFor()
  }
  for (const person of [ann, bob]) {
    await person.at('#people-count').getByText('2 people').waitFor()
    expect(await person.at('#notices').getByText(sentence).count()).toBe(0)
  }
})
