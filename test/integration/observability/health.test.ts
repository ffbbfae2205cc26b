import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { createApp } from '../../../src/app/index.ts'
import type { Store } from '../../../src/core/ports/store.ts'
import { createMemoryStore } from '../../../src/state/memory/index.ts'
import { enter } from '../../support/client.ts'
import { newRoom, startNode, type TestNode, testIntervals } from '../../support/node.ts'
import { startRedis } from '../../support/redis.ts'
import { until } from '../../support/until.ts'

const get = async (url: string) => {
  const response = await fetch(url)
  return { status: response.status, body: await response.json() }
}
const alive = { status: 200, body: { status: 'ok' } }
const ready = { status: 200, body: { status: 'ready' } }
const notReady = (reason: string) => ({ status: 503, body: { status: 'not ready', reason } })

test('a running node is alive and ready, on a listener of its own', async () => {
  const node = await startNode()
  expect(await get(`${node.opsUrl}/healthz`)).toEqual(alive)
  expect(await get(`${node.opsUrl}/readyz`)).toEqual(ready)
  expect(node.opsUrl).not.toBe(node.url)
  for (const path of ['healthz', 'readyz', 'metrics']) {
    expect((await get(`${node.url}/${path}`)).status).toBe(404)
  }
})

test('with OPS_PORT=0 the listener of the clients serves health and metrics', async () => {
  const node = await startNode({ env: { OPS_PORT: 0 } })
  expect(node.opsUrl).toBe(node.url)
  expect(await get(`${node.url}/readyz/`)).toEqual(ready)
  expect((await fetch(`${node.url}/metrics`)).headers.get('content-type')).toContain('text/plain')
  await enter(node.url, { room: newRoom() })
})

test('an unknown path is answered in the format of all errors', async () => {
  const node = await startNode()
  const error = { code: 1001, message: 'Resource not found' }
  expect(await get(`${node.opsUrl}/nothing`)).toEqual({ status: 404, body: { error } })
})

test('a node is not ready before it listens to clients', async () => {
  const { config } = await startNode()
  const app = createApp(config, { log: pino({ level: 'silent' }) })
  await app.begin()
  await app.ops.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${(app.ops.server.address() as AddressInfo).port}`
  expect(await get(`${url}/readyz`)).toEqual(notReady('starting'))
  expect(await get(`${url}/healthz`)).toEqual(alive)
  await app.close()
})

test('a draining node is alive and not ready', async () => {
  const node = await startNode({ env: { DRAIN_SECONDS: 0 } })
  await node.app.drain()
  expect(await get(`${node.opsUrl}/readyz`)).toEqual(notReady('draining'))
  expect(await get(`${node.opsUrl}/healthz`)).toEqual(alive)
})

/** A store whose node registry runs `onHeartbeat` before each heartbeat. */
function storeWith(onHeartbeat: () => Promise<void> | undefined): Store {
  const store = createMemoryStore({ window: 60, log: 60, entries: 1000, lease: 6 })
  const extend = store.nodes.heartbeat.bind(store.nodes)
  store.nodes.heartbeat = async (info) => {
    await onHeartbeat()
    return extend(info)
  }
  return store
}

test('a node that starts extends its lease while the store has not confirmed its subscriptions', async () => {
  let heartbeats = 0
  const store = storeWith(() => {
    heartbeats += 1
    return undefined
  })
  let confirm = () => {}
  const confirmed = new Promise<void>((resolve) => {
    confirm = resolve
  })
  store.handover.serve = () => confirmed
  const starting = startNode({ parts: { store, intervals: { ...testIntervals, heartbeatMs: 20 } } })
  await until(async () => heartbeats >= 3)
  confirm()
  expect(await get(`${(await starting).opsUrl}/readyz`)).toEqual(ready)
})

test('a node that refuses clients because its lease has expired is not ready, although no call to the store has failed', async () => {
  let isHanging = false
  const node = await startNode({
    parts: { store: storeWith(() => (isHanging ? new Promise(() => {}) : undefined)) },
  })
  isHanging = true
  await until(async () => (await fetch(`${node.url}/socket.io/?EIO=4&transport=polling`)).status === 503)
  expect(await get(`${node.opsUrl}/readyz`)).toEqual({
    status: 503,
    body: { status: 'not ready', reason: 'Redis unreachable', detail: 'the lease of this node has expired' },
  })
})

describe('a node whose Redis', () => {
  const unreachable = {
    status: 503,
    body: { status: 'not ready', reason: 'Redis unreachable', detail: expect.any(String) },
  }
  const isReady = async (node: TestNode) => (await get(`${node.opsUrl}/readyz`)).status === 200

  test('hangs is alive, and not ready until Redis continues', async () => {
    const redis = await startRedis()
    const node = await startNode({ redis: { url: redis.url } })
    expect(await get(`${node.opsUrl}/readyz`)).toEqual(ready)
    redis.pause()
    expect(await get(`${node.opsUrl}/readyz`)).toEqual(unreachable)
    expect(await get(`${node.opsUrl}/healthz`)).toEqual(alive)
    redis.resume()
    await until(() => isReady(node))
    await node.close()
    await redis.stop()
  })

  test('has ended is alive and not ready', async () => {
    const redis = await startRedis()
    const node = await startNode({ redis: { url: redis.url } })
    await redis.stop()
    await until(async () => !(await isReady(node)))
    expect(await get(`${node.opsUrl}/readyz`)).toEqual(unreachable)
    expect(await get(`${node.opsUrl}/healthz`)).toEqual(alive)
    await node.close()
  })
})
