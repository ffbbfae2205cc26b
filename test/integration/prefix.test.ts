import { io } from 'socket.io-client'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startNode } from '../support/node.ts'

const node = await startNode()
const prefixed = await startNode({ env: { PUBLIC_URL: 'https://calls.example/signal/', DEMO: 'true' } })

/** The HTTP status of the answer to a WebSocket handshake. */
function upgrade(url: string, path: string): Promise<number> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}${path}?EIO=4&transport=websocket`)
  return new Promise((resolve) => {
    socket.once('open', () => resolve(101))
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
    socket.on('error', () => {})
  }).finally(() => socket.terminate()) as Promise<number>
}

async function rooms(url: string, path: string, transport: 'websocket' | 'polling'): Promise<unknown> {
  const options = { path, addTrailingSlash: false, transports: [transport], forceNew: true, reconnection: false }
  const socket = io(`${url}/rooms`, options)
  try {
    return await socket.timeout(5000).emitWithAck('rooms')
  } finally {
    socket.disconnect()
  }
}

test.each(['websocket', 'polling'] as const)(
  'Socket.IO is also served at a path without its final slash, over %s',
  async (transport) => {
    expect(await rooms(node.url, '/socket.io', transport)).toBe('ok')
    expect(await rooms(prefixed.url, '/socket.io', transport)).toBe('ok')
    expect(await rooms(prefixed.url, '/signal/socket.io', transport)).toBe('ok')
  },
)

test('a node also serves all paths below the path of PUBLIC_URL, which has to occur once as whole segments', async () => {
  const status = async (path: string) => (await fetch(`${prefixed.url}${path}`, { redirect: 'manual' })).status
  expect(await Promise.all(['/', '/signal/', '/signal/p2p.html', '/p2p.html'].map(status))).toEqual([
    200, 200, 200, 200,
  ])
  expect(await Promise.all(['/signals/', '/signal/signal/p2p.html', '/signalp2p.html'].map(status))).toEqual([
    404, 404, 404,
  ])
  expect(await upgrade(prefixed.url, '/signal/socket.io/')).toBe(101)
  for (const path of ['/signal/', '/signals/socket.io/', '/signal/socket.iox', '/signal/signal/socket.io/']) {
    expect(await upgrade(prefixed.url, path), path).toBe(404)
  }
  expect(await upgrade(node.url, '/signal/socket.io/')).toBe(404)
})

test('the prefix without its final slash redirects to the page, with the query', async () => {
  const { status, headers } = await fetch(`${prefixed.url}/signal?room=a&node=b`, { redirect: 'manual' })
  expect([status, headers.get('location')]).toEqual([308, '/signal/?room=a&node=b'])
})
