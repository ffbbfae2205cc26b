import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { io } from 'socket.io-client'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { loginInfo } from '../support/client.ts'
import { root } from '../support/markdown.ts'
import { newRoom } from '../support/node.ts'
import { startProcess, startProcesses } from '../support/process.ts'
import { proxies, shippedNodes, startProxy } from '../support/proxies.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'
import { until } from '../support/until.ts'

/** How the shipped proxies serve a client. proxy-restart.test.ts has the rolling restart. */
describe.each(proxies)('$name', (proxy) => {
  test('accepts its shipped configuration, which has the addresses of the nodes of compose.yaml', () => {
    const [command, ...args] = proxy.check(join(root, proxy.file))
    const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
    expect(`${status} ${stdout}${stderr}`).toMatch(/^0 .*(successful|is valid)/s)
    expect(shippedNodes).toHaveLength(3)
  })

  test('forwards the address of a client and ignores forged headers, and serves long-polling without affinity', async () => {
    const env = { TRUST_PROXY: '127.0.0.1', CORS_ORIGINS: 'https://app.example', DEMO: 'true', LOG_LEVEL: 'info' }
    const nodes = await startProcesses(3, { redisUrl: redisUrl(), prefix: randomPrefix(), env })
    const front = await startProxy(proxy, nodes)
    const forgedHeaders = {
      'X-Forwarded-For': '203.0.113.9',
      'X-Forwarded-Host': 'evil.example',
      'X-Forwarded-Proto': 'https',
    }

    // when a node refuses a client, it logs the client's address: here for a page of another origin
    expect(await upgrade(front.url, { Origin: 'https://evil.example', ...forgedHeaders })).toBe(400)
    const logs = () => nodes.map((node) => node.output()).join('')
    await until(async () => logs().includes('"reason":"origin"'))
    expect(logs()).toContain('"address":"127.0.0.7"')
    // a page of the same origin is accepted, for which the node needs `Host` with its port
    expect(await upgrade(front.url, { Origin: front.url, ...forgedHeaders })).toBe(101)

    const body = JSON.stringify({ room: newRoom(), user: 'someone', role: 'presenter' })
    const headers = { 'content-type': 'application/json', ...forgedHeaders }
    const token = await (await fetch(`${front.url}/tokens/`, { method: 'POST', headers, body })).text()
    const { host, secure } = JSON.parse(Buffer.from(token, 'base64').toString())
    expect({ host, secure }).toEqual({ host: new URL(front.url).host, secure: false })

    const sockets = Array.from({ length: 4 }, () => io(front.url, { transports: ['polling'], forceNew: true }))
    const room = newRoom()
    const acks = sockets.map((socket, index) => socket.emitWithAck('login', loginInfo({ room, user: `user ${index}` })))
    try {
      expect(await Promise.all(acks)).toEqual(sockets.map(() => 'ok'))
    } finally {
      for (const socket of sockets) socket.disconnect()
    }
  })

  test('sends the requests of a session to its node, so that no other node forwards an upgraded WebSocket', async () => {
    const shared = { redisUrl: redisUrl(), prefix: randomPrefix() }
    const names = ['node-1', 'node-2', 'node-3']
    const nodes = await Promise.all(names.map((name) => startProcess({ ...shared, env: { NODE_ID: name } })))
    const front = await startProxy(proxy, nodes)
    const sockets = Array.from({ length: 12 }, () => io(front.url, { forceNew: true }))
    try {
      await until(async () => sockets.every(({ io: { engine } }) => engine?.transport?.name === 'websocket'))
      const hosts = sockets.map(({ io: { engine } }) => engine.id?.split('.')[0])
      expect(new Set(hosts)).toEqual(new Set(names))
      const texts = await Promise.all(nodes.map(async ({ opsUrl }) => (await fetch(`${opsUrl}/metrics`)).text()))
      const forwarded = texts.flatMap((text) => text.match(/^signalbox_forwarded_total.* [1-9]\d*$/gm) ?? [])
      expect(forwarded).toEqual([])
      nodes[0]?.kill('SIGKILL')
      await until(async () =>
        sockets.every(({ connected, io: { engine } }) => connected && !engine.id?.startsWith('node-1.')),
      )
    } finally {
      for (const socket of sockets) socket.disconnect()
    }
  })
})

/** Sends a WebSocket handshake from another local address. Resolves to the status of the answer. */
async function upgrade(url: string, headers: { [name: string]: string }): Promise<number> {
  const address = `${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`
  const socket = new WebSocket(address, { headers, localAddress: '127.0.0.7' })
  const refused = once(socket, 'unexpected-response').then(([, response]) => response.statusCode as number)
  const opened = once(socket, 'open').then(() => 101)
  try {
    return await Promise.race([opened, refused])
  } finally {
    socket.on('error', () => {})
    socket.terminate()
  }
}
