import { describe, expect, test } from 'vitest'
import { type Client, connect, enter } from '../../support/client.ts'
import { newRoom, startNode, type TestNode } from '../../support/node.ts'
import { startRedis } from '../../support/redis.ts'
import { until } from '../../support/until.ts'
import { BareClient } from '../bare-client.ts'

const mebibyte = 1024 * 1024
const offer = (sessionDescriptor: unknown) => ({ channelName: 'channel', sessionDescriptor })
const large = offer('x'.repeat(60_000))

async function refusals({ opsUrl }: TestNode): Promise<{ [reason: string]: number }> {
  const counts = (await (await fetch(`${opsUrl}/metrics`)).text()).matchAll(
    /^signalbox_refused_total{reason="(\w+)"} (\d+)$/gm,
  )
  return Object.fromEntries([...counts].map(([, reason = '', count]) => [reason, Number(count)]))
}

/** Sends requests that wait for a session; resolves to how many of them are refused at once. */
async function refusedOf(client: Client, count: number, data: unknown): Promise<number> {
  let refused = 0
  for (let n = 0; n < count; n += 1) {
    client.socket.emit('offer', data, (_status: string, _words: string, more: { code?: string }) => {
      if (more?.code === 'too_many_requests') refused += 1
    })
  }
  await client.request('nothing of ours') // after its ack the node has read all of them
  return refused
}

describe('requests before a login', () => {
  test('a hundred requests of 8 kB wait, and are served in order after the login', async () => {
    const node = await startNode()
    const [ann, bob] = await Promise.all([0, 1].map(() => connect(node.url, { namespace: '/exchanger' })))
    await bob?.request('joinStream', { channelName: 'channel' })
    const descriptors = Array.from({ length: 100 }, (_, n) => `${n} ${'x'.repeat(8000)}`)
    const answers = descriptors.map((descriptor) => ann?.request('offer', offer(descriptor)))
    await ann?.request('joinStream', { channelName: 'channel' })
    for (const answer of await Promise.all(answers)) expect(answer?.status).toBe('ok')
    await until(async () => bob?.seen.filter(({ event }) => event === 'receiveOffer').length === 100)
    const received = bob?.seen.filter(({ event }) => event === 'receiveOffer').map(({ data }) => data)
    expect(received).toEqual(descriptors)
  })

  test('requests above the budget of a client are refused with an ack, and those that wait are served', async () => {
    const node = await startNode()
    const ann = await connect(node.url, { namespace: '/exchanger' })
    expect(await refusedOf(ann, 100, large)).toBe(100 - Math.floor((4 * mebibyte) / 61_300))
    expect((await refusals(node)).client_memory).toBeGreaterThan(20)
    const joined = await ann.request('joinStream', { channelName: 'channel' })
    expect(joined.status).toBe('ok')
    expect((await ann.request('offer', offer('afterwards'))).status).toBe('ok')
  })

  test('all namespaces of a client share one budget', async () => {
    const node = await startNode()
    const exchanger = await connect(node.url, { namespace: '/exchanger' })
    const rooms = exchanger.socket.io.socket('/rooms')
    await new Promise<void>((resolve) => rooms.connect().once('connect', () => resolve()))
    expect(await refusedOf(exchanger, 60, large)).toBe(0)
    const answers = Array.from(
      { length: 60 },
      () =>
        new Promise<string>((resolve) => {
          rooms.emit('offer', 'x'.repeat(60_000), 'room', (_: string, __: string, { code = '' } = {}) => resolve(code))
        }),
    )
    const first = await Promise.race(answers)
    expect(first).toBe('too_many_requests')
    await exchanger.request('joinStream', { channelName: 'channel' })
    rooms.disconnect()
  })

  test('the data of a request count with the memory that they use, not with the length of their text', async () => {
    const node = await startNode()
    const ann = await connect(node.url, { namespace: '/exchanger' })
    const nested = Array.from({ length: 20_000 }, () => [])
    expect(await refusedOf(ann, 20, offer(nested))).toBeGreaterThan(14)
  })

  test('above the budget of the node only the client that holds most is refused', async () => {
    const node = await startNode({ env: { MAX_BUFFERED_BYTES_TOTAL: 3 * mebibyte } })
    const [little, much] = await Promise.all([0, 1].map(() => connect(node.url, { namespace: '/exchanger' })))
    expect(await refusedOf(little as Client, 10, large)).toBe(0)
    expect(await refusedOf(much as Client, 60, large)).toBeGreaterThan(20)
    expect((await refusals(node)).node_memory).toBeGreaterThan(20)
    const answered = little?.request('offer', offer('served with the others'))
    await little?.request('joinStream', { channelName: 'channel' })
    expect((await answered)?.status).toBe('ok')
  })

  test('a client that disconnects frees the memory that was held for it', async () => {
    const node = await startNode({ env: { MAX_BUFFERED_BYTES_TOTAL: 3 * mebibyte } })
    for (let n = 0; n < 5; n += 1) {
      const client = await connect(node.url, { namespace: '/exchanger' })
      expect(await refusedOf(client, 40, large)).toBe(0)
      client.cut()
      await until(async () => node.app.io.of('/exchanger').sockets.size === 0)
    }
  })

  test('a client that leaves the namespace frees the memory that was held for it', async () => {
    const node = await startNode()
    const bare = await BareClient.connect(node.url)
    for (let n = 1; n <= 5; n += 1) {
      bare.send('40/exchanger,')
      await until(async () => bare.frames.filter((frame) => frame.startsWith('40/exchanger,')).length === n)
      for (let id = 0; id < 50; id += 1) bare.send(`42/exchanger,${n * 100 + id}${JSON.stringify(['offer', large])}`)
      bare.send('41/exchanger,')
      await bare.request('nothing of ours') // gives Socket.IO time between the disconnect and the next CONNECT
    }
    expect((await refusals(node)).client_memory).toBeUndefined()
    await bare.terminate()
  })
})

describe('attachments', () => {
  test('a packet whose attachments exceed the budget of the client closes its connection', async () => {
    const node = await startNode()
    const [ann, bare] = [await enter(node.url, { room: newRoom() }), await BareClient.connect(node.url)]
    const placeholders = Array.from({ length: 9 }, (_, num) => ({ _placeholder: true, num }))
    bare.send(`459-${JSON.stringify(['text', ...placeholders])}`)
    for (let n = 0; n < 3; n += 1) bare.send(Buffer.alloc(2 * mebibyte))
    await bare.closed
    expect((await refusals(node)).client_memory).toBe(1)
    expect(await ann.barrier()).toEqual([])
  })

  test('above the budget of the node the connection of the client that holds most is closed', async () => {
    const node = await startNode({ env: { MAX_BUFFERED_BYTES_TOTAL: 3 * mebibyte } })
    const [little, much] = [await BareClient.connect(node.url), await BareClient.connect(node.url)]
    for (const client of [little, much]) client.send('453-["text",{"_placeholder":true,"num":0}]')
    little.send(Buffer.alloc(mebibyte))
    much.send(Buffer.alloc(mebibyte))
    much.send(Buffer.alloc(mebibyte + 500_000))
    await much.closed
    expect((await refusals(node)).node_memory).toBe(1)
    little.send(Buffer.alloc(10))
    little.send(Buffer.alloc(10))
    expect((await little.request('nothing of ours')).code).toBe('unknown_event')
    await little.terminate()
  })
})

describe('the `auth` of a client', () => {
  test('is limited like a message', async () => {
    const node = await startNode()
    const auth = { token: 'x'.repeat(70_000) }
    await expect(connect(node.url, { namespace: '/exchanger', auth })).rejects.toMatchObject({
      data: { code: 'too_large' },
    })
  })

  test('is kept only as far as the node reads it later', async () => {
    const node = await startNode()
    await connect(node.url, { auth: { token: 'of no use here', seq: true, more: 'x'.repeat(60_000) } })
    const [socket] = node.app.io.of('/').sockets.values()
    expect(socket?.handshake.auth).toEqual({ seq: true })
  })
})

test('while Redis hangs, requests above the budget of a client are refused with an ack, and the connection stays', async () => {
  const redis = await startRedis()
  const node = await startNode({ redis: { url: redis.url } })
  const ann = await connect(node.url, { namespace: '/exchanger' })
  await ann.request('joinStream', { channelName: 'channel' })
  redis.pause()
  try {
    expect(await refusedOf(ann, 100, large)).toBeGreaterThan(20)
  } finally {
    redis.resume()
  }
  expect((await ann.request('offer', offer('afterwards'))).status).toBe('ok')
  await node.close()
  await redis.stop()
})
