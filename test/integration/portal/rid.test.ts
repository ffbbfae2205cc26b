import { describe, expect, test } from 'vitest'
import { type Client, connect, enter, loginInfo, ok } from '../../support/client.ts'
import { both, mesh, publishBoth } from '../../support/media.ts'
import { newRoom, startCluster, startNode, type TestNode, tokenFor } from '../../support/node.ts'
import { enterPair } from '../../support/pair.ts'
import { BareClient } from '../bare-client.ts'

const memory = await startNode()
const [one, two] = (await startCluster(2)) as [TestNode, TestNode]

const events = (came: Awaited<ReturnType<Client['barrier']>>) => came.map(({ event }) => event)

describe.each([
  ['over the same connection', memory, undefined],
  ['after a relogin', memory, memory],
  ['after a relogin on another node', one, two],
])('when a client repeats a request with its rid %s,', (_name, node, other) => {
  async function again(ann: Client): Promise<Client> {
    if (!other) return ann
    const back = await connect(other.url)
    await back.relogin({ ticket: ann.ticket, seq: ann.seq })
    return back
  }

  test('a text is sent once, and the ack is the same', async () => {
    const { ann, bob } = await enterPair(node.url)
    const text = { to: 'all', message: 'once' }
    expect(await ann.request('text', text, { rid: 1 })).toEqual(ok())
    expect(await (await again(ann)).request('text', text, { rid: 1 })).toEqual(ok())
    expect(events(await bob.barrier())).toEqual(['text'])
  })

  test('publish makes one stream, and the ack has the same ids', async () => {
    const { ann, bob } = await enterPair(node.url)
    const first = await ann.request('publish', { media: both, transport: mesh }, { rid: 7 })
    const second = await (await again(ann)).request('publish', { media: both, transport: mesh }, { rid: 7 })
    expect(second).toEqual(first)
    expect(events(await bob.barrier())).toEqual(['stream'])
  })

  test('subscribe makes one subscription, and the ack is the same', async () => {
    const { ann, bob } = await enterPair(node.url)
    const from = await publishBoth(bob)
    const request = { media: { tracks: [{ type: 'audio', from }] }, transport: mesh }
    const first = await ann.request('subscribe', request, { rid: 2 })
    const second = await (await again(ann)).request('subscribe', request, { rid: 2 })
    expect(second).toEqual(first)
    expect(events(await bob.barrier())).toEqual(['subscription'])
  })

  test('stream-control and unpublish are performed once', async () => {
    const { ann, bob } = await enterPair(node.url)
    const id = await publishBoth(ann)
    await bob.barrier()
    const pause = { id, operation: 'pause', data: 'audio' }
    await ann.request('stream-control', pause, { rid: 1 })
    await ann.request('unpublish', { id }, { rid: 2 })
    const back = await again(ann)
    expect(await back.request('stream-control', pause, { rid: 1 })).toEqual(ok())
    expect(await back.request('unpublish', { id }, { rid: 2 })).toEqual(ok())
    expect((await bob.barrier()).map(({ data }) => Object(data).status)).toEqual(['update', 'remove'])
  })

  test('every earlier rid is recognised, and a later one is new', async () => {
    const { ann, bob } = await enterPair(node.url)
    const send = (client: Client, rid: number) => client.request('text', { to: bob.id, message: `${rid}` }, { rid })
    for (const rid of [3, 5, 9]) await send(ann, rid)
    const back = await again(ann)
    for (const rid of [3, 5, 9, 10]) expect(await send(back, rid)).toEqual(ok())
    const received = (await bob.barrier()).map(({ data }) => Object(data).message)
    expect(received).toEqual(['3', '5', '9', '10'])
  })
})

test('a refused request may be repeated with the same rid', async () => {
  const ann = await enter(memory.url, { room: newRoom() })
  expect((await ann.request('text', { to: 'nobody', message: '' }, { rid: 1 })).code).toBe('no_such_participant')
  expect(await ann.request('text', { to: ann.id, message: '' }, { rid: 1 })).toEqual(ok())
})

test('a rid below the highest that was not performed is performed once, because its request may have been refused', async () => {
  const room = newRoom()
  const ann = await enter(memory.url, { room })
  const bob = await enter(memory.url, { room })
  await ann.request('text', { to: 'all', message: 'first' }, { rid: 5 })
  for (const _ of ['once', 'again']) {
    const answer = await ann.request('text', { to: 'all', message: 'second' }, { rid: 4 })
    expect(answer).toMatchObject({ status: 'ok' })
  }
  const texts = (await bob.barrier()).filter(({ event }) => event === 'text')
  expect(texts.map(({ data }) => (data as { message: string }).message)).toEqual(['first', 'second'])
})

test.each([0, -1, 1.5, '1', null, true, {}, Number.MAX_SAFE_INTEGER + 1])('rid %j is refused', async (rid) => {
  const room = newRoom()
  const bob = await enter(memory.url, { room })
  const ann = await enter(memory.url, { room })
  await bob.next('participant')
  const answer = await ann.request('text', { to: 'all', message: '' }, { rid })
  expect(answer).toMatchObject({ status: 'error', code: 'bad_request', error: 'rid should be a whole number above 0' })
  expect(await bob.barrier()).toEqual([])
})

test('two participants may use the same rid', async () => {
  const room = newRoom()
  const [ann, bob] = [await enter(memory.url, { room }), await enter(memory.url, { room })]
  await ann.request('text', { to: 'all', message: 'ann' }, { rid: 1 })
  await bob.request('text', { to: 'all', message: 'bob' }, { rid: 1 })
  expect(events(await ann.barrier())).toEqual(['participant', 'text', 'text'])
  await ann.ask('logout')
  await ann.login({ room })
  await ann.request('text', { to: bob.id, message: 'ann again' }, { rid: 1 })
  await expect.poll(() => bob.seen.map(({ data }) => Object(data).message)).toContain('ann again')
})

test.each([
  ['on the same node', memory, memory],
  ['on another node', one, two],
])(
  'a request that was performed after a login whose ack was lost is not performed again, %s',
  async (_name, node, other) => {
    const room = newRoom()
    const bob = await enter(node.url, { room })
    const token = tokenFor({ room })
    const bare = await BareClient.connect(node.url)
    await bare.request('login', loginInfo({ room, token }))
    const first = await bare.request('text', { to: 'all', message: 'once' }, { rid: 1 })
    await bare.terminate()
    const ann = await enter(other.url, { room, token })
    expect(await ann.request('text', { to: 'all', message: 'once' }, { rid: 1 })).toEqual(first)
    expect(events(await bob.barrier())).toEqual(['participant', 'text'])
  },
)
