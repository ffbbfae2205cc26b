import { describe, expect, test } from 'vitest'
import { enter, ok, refusal } from '../../support/client.ts'
import { mesh, publishBoth, subscribeBoth } from '../../support/media.ts'
import { startNode } from '../../support/node.ts'
import { enterPair } from '../../support/pair.ts'

const node = await startNode()

async function threeWithSubscription(kinds: ('audio' | 'video')[] = ['audio', 'video']) {
  const { ann, bob, room } = await enterPair(node.url)
  const cem = await enter(node.url, { room })
  const stream = await publishBoth(ann)
  const tracks = kinds.map((type) => ({ type, from: stream }))
  const { id } = await bob.ask('subscribe', { media: { tracks }, transport: mesh })
  for (const client of [ann, bob, cem]) await client.barrier()
  return { ann, bob, cem, stream, id }
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
  ])('of %s are notified only to both sides of the subscription', async (data, fields) => {
    const { ann, bob, cem, stream, id } = await threeWithSubscription()
    expect(await bob.request('subscription-control', { id, operation: 'pause', data })).toEqual(ok())
    expect(await bob.request('subscription-control', { id, operation: 'play', data })).toEqual(ok())
    const expected = ['inactive', 'active'].flatMap((value) => fields.map((field) => update(stream, field, value)))
    for (const client of [ann, bob]) {
      expect((await client.barrier()).map(({ event, data }) => [event, data])).toEqual(expected)
    }
    expect(await cem.barrier()).toEqual([])
  })

  test('of media without a subscription is refused', async () => {
    const { ann, bob, id } = await threeWithSubscription(['audio'])
    const answer = await bob.request('subscription-control', { id, operation: 'pause', data: 'video' })
    expect(answer).toEqual(refusal('Invalid subscription control operation', 'invalid_subscription_control'))
    expect(await ann.barrier()).toEqual([])
  })
})

describe('update', () => {
  const change = (id: string, data: object) => ({ id, operation: 'update', data })

  test.each([
    ['nothing', {}],
    ['video parameters', { video: { parameters: { resolution: { width: 640, height: 480 }, bitrate: 'x0.5' } } }],
  ])('of %s is accepted', async (_name, data) => {
    const { bob, id } = await threeWithSubscription()
    expect(await bob.request('subscription-control', change(id, data))).toEqual(ok())
  })

  test('may change to another stream of the same participant', async () => {
    const { ann, bob, stream, id } = await threeWithSubscription()
    const other = await publishBoth(ann)
    const turned = change(id, { audio: { from: other }, video: { from: other } })
    expect(await bob.request('subscription-control', turned)).toEqual(ok())
    await ann.ask('unpublish', { id: stream })
    await bob.barrier()
    // it now belongs to the other stream and ends with it
    await ann.ask('unpublish', { id: other })
    expect((await bob.next('subscription')).data).toEqual({ action: 'remove', id })
  })

  test('to a stream of another participant is refused', async () => {
    const { bob, cem, id } = await threeWithSubscription()
    const other = await publishBoth(cem)
    const turned = change(id, { audio: { from: other }, video: { from: other } })
    expect((await bob.request('subscription-control', turned)).code).toBe('several_owners')
  })

  test('to a stream that does not exist, or does not have the media, is refused', async () => {
    const { ann, bob, id } = await threeWithSubscription()
    const missing = await bob.request('subscription-control', change(id, { audio: { from: 'none' } }))
    expect(missing).toEqual(refusal('Subscription source not found: none', 'no_such_source'))
    const { id: silent } = await ann.ask('publish', { media: { tracks: [{ type: 'video' }] }, transport: mesh })
    const answer = await bob.request('subscription-control', change(id, { audio: { from: silent } }))
    expect(answer.error).toBe('Target audio stream does NOT satisfy:Requested audio stream')
  })

  test('of media without a subscription is refused', async () => {
    const [audio, video] = [await threeWithSubscription(['audio']), await threeWithSubscription(['video'])]
    const noVideo = await audio.bob.request('subscription-control', change(audio.id, { video: {} }))
    expect(noVideo).toEqual(refusal('Target subscription does NOT have video to update', 'no_video_to_update'))
    const noAudio = await video.bob.request('subscription-control', change(video.id, { audio: { from: video.stream } }))
    expect(noAudio).toEqual(refusal('Target subscription does NOT have audio to update', 'no_audio_to_update'))
  })
})

const unknown = refusal('Subscription does NOT exist', 'no_such_subscription')

test('a subscription that does not exist or belongs to another room is refused', async () => {
  const [one, two] = [await threeWithSubscription(), await threeWithSubscription()]
  for (const id of ['none', 'constructor', two.id]) {
    for (const rest of [
      { operation: 'pause', data: 'av' },
      { operation: 'update', data: {} },
    ]) {
      expect(await one.bob.request('subscription-control', { id, ...rest })).toEqual(unknown)
    }
  }
  expect(await two.ann.barrier()).toEqual([])
})

test('subscription-control of another participant than the subscriber is refused as unauthorized', async () => {
  const { ann, bob, cem, id } = await threeWithSubscription()
  for (const client of [ann, cem]) {
    const answer = await client.request('subscription-control', { id, operation: 'pause', data: 'av' })
    expect(answer).toEqual(refusal('unauthorized', 'unauthorized'))
  }
  expect(await bob.barrier()).toEqual([])
})

test.each([
  ['null', null, 'request should be object "object"'],
  ['an empty object', {}, `request should have required property '.id' ".id"`],
  ['no operation', { id: 'x' }, `request should have required property '.operation' ".operation"`],
  [
    'a number as id',
    { id: 1, operation: 'pause', data: 'av' },
    expect.stringContaining('request.id should be string "string"'),
  ],
  [
    'the operation querybwe',
    { id: 'x', operation: 'querybwe', data: {} },
    expect.stringContaining('request.operation should be equal to one of the allowed values ["update"]'),
  ],
  [
    'update of audio without `from`',
    { id: 'x', operation: 'update', data: { audio: {} } },
    expect.stringContaining(`request.data.audio should have required property 'from' "from"`),
  ],
  [
    'update of an unknown medium',
    { id: 'x', operation: 'update', data: { text: {} } },
    expect.stringContaining('request.data should NOT have additional properties "text"'),
  ],
  [
    'pause of an unknown medium',
    { id: 'x', operation: 'pause', data: 'all' },
    expect.stringContaining('request.data should be equal to one of the allowed values ["audio","video","av"]'),
  ],
])('subscription-control with %s is refused with the message of OWT', async (_name, data, error) => {
  const { ann, bob } = await threeWithSubscription()
  expect(await bob.request('subscription-control', data)).toEqual({ status: 'error', error, code: 'bad_request' })
  expect(await ann.barrier()).toEqual([])
})

test('a subscription ends when the owner unpublishes the stream', async () => {
  const { ann, bob, stream, id } = await threeWithSubscription()
  await ann.ask('unpublish', { id: stream })
  expect(await bob.request('subscription-control', { id, operation: 'pause', data: 'av' })).toEqual(unknown)
  const again = await publishBoth(ann)
  await subscribeBoth(bob, again)
})
