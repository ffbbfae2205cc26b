import { io, type ManagerOptions } from 'socket.io-client'
import { beforeAll, describe, expect, test } from 'vitest'
import { Rooms } from '../../src/client/index.ts'
import { newRoom } from '../support/node.ts'
import { type NodeProcess, startProcesses } from '../support/process.ts'
import { proxies, shippedNodes, startProxy } from '../support/proxies.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'

const key = 'the key of the tests'
const publicUrl = 'https://calls.example/signal'

/** A node for each address in the proxies' configurations. */
let nodes: NodeProcess[]

beforeAll(async () => {
  const env = { PUBLIC_URL: publicUrl, TRUST_PROXY: '127.0.0.1', DEMO: 'true', MANAGEMENT_KEYS: `tests:${key}` }
  const options = { redisUrl: redisUrl(), prefix: randomPrefix(), env, until: 'after the file' } as const
  nodes = await startProcesses(shippedNodes.length, options)
})

/** A proxy may strip the prefix or keep it. A node does not know which, and serves both. */
describe.each(proxies.flatMap((proxy) => [true, false].map((strip) => ({ name: proxy.name, proxy, strip }))))(
  'below a prefix of $name (stripped: $strip)',
  ({ proxy, strip }) => {
    test('SDK, other clients, API and demo work, polls reach the right node, and tokens have the host of PUBLIC_URL', async () => {
      const front = await startProxy(proxy, nodes, (config) => proxy.below(config, strip))
      const url = `${front.url}/signal`
      await Promise.all([
        expectRoom(url, 'websocket'),
        expectRoom(url, 'polling'),
        expectPolling(url, { path: '/signal/socket.io/' }),
        expectPolling(url, { path: '/signal/socket.io', addTrailingSlash: false }),
      ])

      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
      const body = JSON.stringify({ user: 'ann', role: 'presenter' })
      expect((await fetch(`${url}/v1/nodes`, { headers })).status).toBe(200)
      const name = JSON.stringify({ name: newRoom() })
      const made = await fetch(`${url}/v1/rooms`, { method: 'POST', headers, body: name })
      const { _id: id } = (await made.json()) as { _id: string }
      const room = await fetch(`${url}/v1/rooms/${encodeURIComponent(id)}/tokens`, { method: 'POST', headers, body })
      const asked = await fetch(`${url}/tokens/`, { method: 'POST', headers, body: '{}' })
      for (const token of [await room.text(), await asked.text()]) {
        expect(JSON.parse(atob(token))).toMatchObject({ host: 'calls.example', secure: true })
      }

      const page = await fetch(`${url}/`)
      await expectLinks(page.url, await page.text(), /(?:href|src)="([^"#]+)/g)
      const docs = await fetch(`${url}/docs`)
      await expectLinks(docs.url, await docs.text(), /(?:href|src)="([^"]+)/g)
      for (const script of ['js/sdk.js', 'js/p2p-signaling.js']) {
        await expectLinks(`${url}/${script}`, await (await fetch(`${url}/${script}`)).text(), /from '([^']+)/g)
      }
      if (proxy.name === 'haproxy' && strip) return // its rule leaves the prefix without a slash as it is
      expect((await fetch(`${url}?room=a`, { redirect: 'follow' })).url).toBe(`${url}/?room=a`)
    })
  },
)

async function expectRoom(url: string, transport: 'websocket' | 'polling'): Promise<void> {
  const [ann, bob] = [0, 1].map(() => new Rooms({ url, transports: [transport] })) as [Rooms, Rooms]
  try {
    const room = newRoom()
    await ann.enter(room)
    await bob.enter(room)
    const heard = new Promise((resolve) => bob.on('new_message', resolve))
    await ann.say('hello')
    expect(await heard).toBe('hello')
  } finally {
    ann.close()
    bob.close()
  }
}

/** Four clients that poll through a proxy without affinity, so that half of their requests arrive at the wrong node. */
async function expectPolling(url: string, options: Partial<ManagerOptions>): Promise<void> {
  const sockets = Array.from({ length: 4 }, () =>
    io(`${new URL(url).origin}/rooms`, { ...options, transports: ['polling'], forceNew: true, reconnection: false }),
  )
  try {
    const answers = await Promise.all(sockets.map((socket) => socket.timeout(10_000).emitWithAck('rooms')))
    expect(answers).toEqual(sockets.map(() => 'ok'))
  } finally {
    for (const socket of sockets) socket.disconnect()
  }
}

async function expectLinks(page: string, text: string, pattern: RegExp): Promise<void> {
  const links = [...text.matchAll(pattern)].map(([, link = '']) => new URL(link, page).href)
  expect(links.length).toBeGreaterThan(0)
  const answers = await Promise.all(links.map(async (link) => `${link} ${(await fetch(link)).status}`))
  expect(answers).toEqual(links.map((link) => `${link} 200`))
}
