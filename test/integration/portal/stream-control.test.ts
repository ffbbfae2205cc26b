import { describe, expect, test } from 'vitest'
import { roomIdOf } from '../../../src/core/model.ts'
import { connect, ok, refusal } from '../../support/client.ts'
import { mesh, publishBoth } from '../../support/media.ts'
import { newRoom, startNode } from '../../support/node.ts'
import { enterPair } from '../../support/pair.ts'

const node = await startNode()
const media = { audio: true, video: true }

async function pairWithStream(role = 'presenter') {
  const room = newRoom()
  const roles = ['presenter', 'admin'].map((name) => ({ role: name, publish: media, subscribe: media }))
  await node.app.store.rooms.configure(roomIdOf('portal', room), { roles })
  const { ann, bob } = await enterPair(node.url, { room, bob: { role } })
  const id = await publishBoth(ann)
  await bob.barrier()
  return { ann, bob, id, room }
}

const update = (id: string, field: string, value: string) => [
  'stream',
  { id, status: 'update', data: { field, value } },
]

describe('pause and play', () => {
  test.each([
    ['audio', ['audio.status']],
    ['video', ['video.status']],
    ['av', ['audio.status', 'video.status']],
  ])('of %s are notified to everyone, for each track', async (data, fields) => {
    const { ann, bob, id } = await pairWithStream()
    expect(await ann.request('stream-control', { id, operation: 'pause', data })).toEqual(ok())
    expect(await ann.request('stream-control', { id, operation: 'play', data })).toEqual(ok())
    const expected = ['inactive', 'active'].flatMap((value) => fields.map((field) => update(id, field, value)))
    for (const client of [ann, bob]) {
      expect((await client.barrier()).map(({ event, data }) => [event, data])).toEqual(expected)
    }
  })

  test('are visible in later logins', async () => {
    const { ann, id, room } = await pairWithStream()
    await ann.ask('stream-control', { id, operation: 'pause', data: 'video' })
    const cem = await connect(node.url)
    const [stream] = (await cem.login({ room })).room.streams
    expect(stream?.media).toMatchObject({ tracks: [{ status: 'active' }, { status: 'inactive' }] })
  })

  test('of av change the tracks that exist', async () => {
    const { ann, bob } = await pairWithStream()
    const { id } = await ann.ask('publish', { media: { tracks: [{ type: 'audio' }] }, transport: mesh })
    await bob.barrier()
    expect(await ann.request('stream-control', { id, operation: 'pause', data: 'av' })).toEqual(ok())
    expect((await bob.barrier()).map(({ event, data }) => [event, data])).toEqual([
      update(id, 'audio.status', 'inactive'),
    ])
  })

  test('of a track that the stream does not have are refused', async () => {
    const { ann, bob } = await pairWithStream()
    const { id } = await ann.ask('publish', { media: { tracks: [{ type: 'audio' }] }, transport: mesh })
    await bob.barrier()
    const expected = refusal('Stream does NOT contain valid track to mute/unmute', 'no_such_track')
    expect(await ann.request('stream-control', { id, operation: 'pause', data: 'video' })).toEqual(expected)
    expect(await bob.barrier()).toEqual([])
  })

  test('are permitted to the role admin too', async () => {
    const { ann, bob, id } = await pairWithStream('admin')
    expect(await bob.request('stream-control', { id, operation: 'pause', data: 'audio' })).toEqual(ok())
    expect((await ann.next()).meta?.from).toBe(bob.id)
  })

  test('of audio and of video sent at once both take effect', async () => {
    const { ann, bob, id, room } = await pairWithStream('admin')
    await Promise.all([
      ann.ask('stream-control', { id, operation: 'pause', data: 'audio' }),
      bob.ask('stream-control', { id, operation: 'pause', data: 'video' }),
    ])
    const cem = await connect(node.url)
    const [stream] = (await cem.login({ room })).room.streams
    expect(stream?.media).toMatchObject({ tracks: [{ status: 'inactive' }, { status: 'inactive' }] })
  })
})

const unauthorized = refusal('unauthorized', 'unauthorized')
const unknown = refusal('Stream does NOT exist', 'no_such_stream')
const invalid = refusal('Invalid stream control operation', 'invalid_stream_control')
const region = { view: 'common', region: '1' }

test.each([
  ['mix', 'common'],
  ['unmix', 'common'],
  ['get-region', 'common'],
  ['set-region', region],
])('the operation %s is refused, because a mesh does not mix streams', async (operation, data) => {
  const { ann, bob, id } = await pairWithStream()
  expect(await ann.request('stream-control', { id: 'none', operation, data })).toEqual(unknown)
  expect(await bob.request('stream-control', { id, operation, data })).toEqual(unauthorized)
  expect(await ann.request('stream-control', { id, operation, data })).toEqual(invalid)
  expect(await bob.barrier()).toEqual([])
})

test('stream-control of another participant than the owner is refused as unauthorized', async () => {
  const { ann, bob, id } = await pairWithStream()
  expect(await bob.request('stream-control', { id, operation: 'pause', data: 'audio' })).toEqual(unauthorized)
  expect(await ann.barrier()).toEqual([])
})

test('stream-control of a stream of another room is refused as of an unknown stream', async () => {
  const [one, two] = [await pairWithStream('admin'), await pairWithStream('admin')]
  expect(await one.bob.request('stream-control', { id: two.id, operation: 'pause', data: 'av' })).toEqual(unknown)
  expect(await two.ann.barrier()).toEqual([])
})

test.each([
  ['null', null, 'request should be object "object"'],
  ['no data at all', undefined, 'request should be object "object"'],
  ['an empty object', {}, `request should have required property '.id' ".id"`],
  ['no operation', { id: 'x' }, `request should have required property '.operation' ".operation"`],
  ['no data', { id: 'x', operation: 'pause' }, `request should have required property '.data' ".data"`],
  [
    'a number as id',
    { id: 1, operation: 'pause', data: 'av' },
    expect.stringContaining('request.id should be string "string"'),
  ],
  [
    'an operation that is not known',
    { id: 'x', operation: 'querybwe', data: 'av' },
    expect.stringContaining('request.operation should be equal to one of the allowed values ["pause","play"]'),
  ],
  [
    'pause of an unknown medium',
    { id: 'x', operation: 'pause', data: 'all' },
    expect.stringContaining('request.data should be equal to one of the allowed values ["audio","video","av"]'),
  ],
  [
    'a region that is a number',
    { id: 'x', operation: 'set-region', data: { view: 'v', region: 1 } },
    expect.stringContaining('request.data.region should be string "string"'),
  ],
  [
    'a region that is empty',
    { id: 'x', operation: 'set-region', data: { view: 'v', region: '' } },
    expect.stringContaining('request.data.region should NOT be shorter than 1 characters'),
  ],
  [
    'an unknown field',
    { id: 'x', operation: 'pause', data: 'av', extra: 1 },
    expect.stringContaining('request should NOT have additional properties "extra"'),
  ],
])('stream-control with %s is refused with the message of OWT', async (_name, data, error) => {
  const { ann, bob } = await pairWithStream()
  expect(await ann.request('stream-control', data)).toEqual({ status: 'error', error, code: 'bad_request' })
  expect(await bob.barrier()).toEqual([])
})
