import { once } from 'node:events'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { connect } from '../../support/client.ts'
import { startNode } from '../../support/node.ts'

async function refusedFor(node: { opsUrl: string }, reason: string): Promise<number> {
  const text = await (await fetch(`${node.opsUrl}/metrics`)).text()
  return Number(new RegExp(`signalbox_refused_total{reason="${reason}"} (\\d+)`).exec(text)?.[1] ?? 0)
}

const cutClosed = (client: Awaited<ReturnType<typeof connect>>) => {
  client.socket.disconnect()
  return client.closed
}

test('a connection above MAX_CONNECTIONS is refused until another has closed', async () => {
  const node = await startNode({ env: { MAX_CONNECTIONS: 2 } })
  const [first] = [await connect(node.url), await connect(node.url)]
  await expect(connect(node.url)).rejects.toThrow()
  expect(await refusedFor(node, 'connections')).toBe(1)
  await cutClosed(first)
  await expect
    .poll(() =>
      connect(node.url).then(
        () => 'in',
        () => 'out',
      ),
    )
    .toBe('in')
})

test('a draining or full node answers 503 over WebSocket and long-polling, so that a load balancer tries another', async () => {
  const full = await startNode({ env: { MAX_CONNECTIONS: 1 } })
  await connect(full.url)
  const leaving = await startNode({ env: { DRAIN_SECONDS: 0 } })
  await leaving.app.drain()
  for (const [{ url }, message] of [[full, 'connections'] as const, [leaving, 'draining'] as const]) {
    const polling = await fetch(`${url}/socket.io/?EIO=4&transport=polling`)
    expect(polling.status).toBe(503)
    expect(await polling.json()).toEqual({ code: 4, message })
    const upgrade = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`)
    const [, response] = await once(upgrade, 'unexpected-response')
    expect(response.statusCode).toBe(503)
    expect(JSON.parse(Buffer.concat(await response.toArray()).toString())).toEqual({ code: 4, message })
  }
})

test('connections are counted by the address that a trusted proxy reports', async () => {
  const node = await startNode({ env: { CONNECTIONS_PER_IP: 1, TRUST_PROXY: 'loopback' } })
  const from = (address: string) => ({ extraHeaders: { 'X-Forwarded-For': address } })
  await connect(node.url, from('203.0.113.1'))
  await expect(connect(node.url, from('203.0.113.1'))).rejects.toThrow()
  await connect(node.url, from('203.0.113.2'))
  expect(await refusedFor(node, 'connections_per_ip')).toBe(1)
})

test('the address that an untrusted client reports is ignored', async () => {
  const node = await startNode({ env: { CONNECTIONS_PER_IP: 1 } })
  await connect(node.url, { extraHeaders: { 'X-Forwarded-For': '203.0.113.1' } })
  await expect(connect(node.url, { extraHeaders: { 'X-Forwarded-For': '203.0.113.2' } })).rejects.toThrow()
})

test('a page of another origin is refused, over WebSocket too; a listed origin, the own host and no origin are admitted', async () => {
  const node = await startNode({ env: { CORS_ORIGINS: 'https://app.example' } })
  const from = (origin: string) => ({ extraHeaders: { Origin: origin } })
  await expect(connect(node.url, from('https://evil.example'))).rejects.toThrow()
  expect(await refusedFor(node, 'origin')).toBe(1)
  await connect(node.url, from('https://app.example'))
  await connect(node.url, from(node.url))
  await connect(node.url)
})

test('a page of the own host is admitted in every spelling of the host; X-Forwarded-Host counts from trusted proxies only', async () => {
  const env = { CORS_ORIGINS: 'none' }
  const [wary, trusting] = [await startNode({ env }), await startNode({ env: { ...env, TRUST_PROXY: 'loopback' } })]
  const from = (headers: { [name: string]: string }) => ({
    extraHeaders: { Origin: 'https://app.example', ...headers },
    transports: ['websocket'],
  })
  for (const Host of ['app.example', 'app.example:443', 'app.example:80', 'APP.example.']) {
    await connect(wary.url, from({ Host }))
  }
  await expect(connect(wary.url, from({ Host: 'app.example:8443' }))).rejects.toThrow()
  const forwarded = { 'X-Forwarded-Host': 'app.example:443', 'X-Forwarded-Proto': 'https' }
  await connect(trusting.url, from(forwarded))
  await expect(connect(wary.url, from(forwarded))).rejects.toThrow()
  expect([await refusedFor(wary, 'origin'), await refusedFor(trusting, 'origin')]).toEqual([2, 0])
})

test('connections of one IPv6 network (/64) count as one address, and an IPv6 listener counts IPv4 addresses as IPv4', async () => {
  const node = await startNode({ env: { CONNECTIONS_PER_IP: 1, TRUST_PROXY: 'loopback' } })
  const from = (address: string) => ({ extraHeaders: { 'X-Forwarded-For': address } })
  const first = await connect(node.url, from('2001:db8:1:2::1'))
  await expect(connect(node.url, from('2001:db8:1:2:aaaa:bbbb:cccc:dddd'))).rejects.toThrow()
  await connect(node.url, from('2001:db8:1:3::1'))
  await connect(node.url, from('::ffff:203.0.113.1'))
  await expect(connect(node.url, from('203.0.113.1'))).rejects.toThrow()
  await connect(node.url, from('::ffff:203.0.113.2'))
  expect(await refusedFor(node, 'connections_per_ip')).toBe(2)
  // the log has the full address
  expect(node.logs.lines.find(({ reason }) => reason === 'connections_per_ip')?.address).toBe(
    '2001:db8:1:2:aaaa:bbbb:cccc:dddd',
  )
  await cutClosed(first)
  await expect
    .poll(() =>
      connect(node.url, from('2001:db8:1:2::2')).then(
        () => 'in',
        () => 'out',
      ),
    )
    .toBe('in')
})
