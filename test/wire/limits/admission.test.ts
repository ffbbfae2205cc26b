import { expect, test } from 'vitest'
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

test('more connections than a node takes are refused, and let in once another has gone', async () => {
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

test('connections are counted by address, as trusted proxies tell it', async () => {
  const node = await startNode({ env: { CONNECTIONS_PER_IP: 1, TRUST_PROXY: 'loopback' } })
  const from = (address: string) => ({ extraHeaders: { 'X-Forwarded-For': address } })
  await connect(node.url, from('203.0.113.1'))
  await expect(connect(node.url, from('203.0.113.1'))).rejects.toThrow()
  await connect(node.url, from('203.0.113.2'))
  expect(await refusedFor(node, 'connections_per_ip')).toBe(1)
})

test('an address that nobody trusted told is not believed', async () => {
  const node = await startNode({ env: { CONNECTIONS_PER_IP: 1 } })
  await connect(node.url, { extraHeaders: { 'X-Forwarded-For': '203.0.113.1' } })
  await expect(connect(node.url, { extraHeaders: { 'X-Forwarded-For': '203.0.113.2' } })).rejects.toThrow()
})

test('a page from elsewhere is refused over WebSocket too; a listed one, one of this host and no browser are let in', async () => {
  const node = await startNode({ env: { CORS_ORIGINS: 'https://app.example' } })
  const from = (origin: string) => ({ extraHeaders: { Origin: origin } })
  await expect(connect(node.url, from('https://evil.example'))).rejects.toThrow()
  expect(await refusedFor(node, 'origin')).toBe(1)
  await connect(node.url, from('https://app.example'))
  await connect(node.url, from(node.url))
  await connect(node.url)
})
