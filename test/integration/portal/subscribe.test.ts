import { describe, expect, test } from 'vitest'
import { enter, refusal } from '../../support/client.ts'
import { mesh, publishBoth } from '../../support/media.ts'
import { startNode } from '../../support/node.ts'
import { enterPair } from '../../support/pair.ts'

const node = await startNode()

/** Ann has published a stream. Bob has not subscribed yet. */
async function pairWithStream(options: { role?: string; protocol?: '1.0' | '1.1' | '1.2' } = {}) {
  const { ann, bob, room } = await enterPair(node.url, { bob: options })
  const stream = await publishBoth(ann)
  await bob.barrier()
  return { ann, bob, stream, room }
}

describe('an accepted subscribe', () => {
  test('is acked with its id, and notified only to the owner of the stream', async () => {
    const { ann, bob, stream, room } = await pairWithStream()
    const cem = await enter(node.url, { room })
    await ann.next('participant')
    const tracks = [
      { type: 'audio' as const, from: stream },
      {
        type: 'video' as const,
        mid: 'v',
        from: `${stream}-1`,
        parameters: { framerate: 15 },
        format: { codec: 'vp8' as const },
      },
    ]
    const { id, transportId } = await bob.ask('subscribe', { media: { tracks }, transport: mesh })
    expect(id).toMatch(/^[0-9a-f]{32}$/)
    expect(transportId).toBe(id)
    expect(await ann.next()).toEqual({
      event: 'subscription',
      data: { action: 'add', id, stream, tracks: [{ ...tracks[0], mid: '0' }, tracks[1]], participant: bob.id },
      meta: { seq: 7, from: bob.id },
    })
    expect((await bob.barrier()).map(({ event }) => event)).toEqual(['participant'])
    expect(await cem.barrier()).toEqual([])
  })

  test('keeps the transport that it names', async () => {
    const { bob, stream } = await pairWithStream()
    const request = {
      media: { tracks: [{ type: 'audio' as const, from: stream }] },
      transport: { type: 'mesh', id: 'mine' },
    }
    expect((await bob.ask('subscribe', request)).transportId).toBe('mine')
  })

  test('may be for data', async () => {
    const { ann, bob } = await pairWithStream()
    const { id: stream } = await ann.ask('publish', { media: null, data: true, transport: mesh })
    await ann.barrier()
    const { id } = await bob.ask('subscribe', { media: null, data: { from: stream }, transport: mesh })
    expect((await ann.next()).data).toEqual({ action: 'add', id, stream, tracks: [], participant: bob.id })
  })

  test('may be for several streams of one participant, or for the participant’s own', async () => {
    const { ann, bob, stream } = await pairWithStream()
    const other = await publishBoth(ann)
    const tracks = [
      { type: 'audio' as const, from: stream },
      { type: 'video' as const, from: other },
    ]
    await bob.ask('subscribe', { media: { tracks }, transport: mesh })
    expect((await ann.next('subscription')).data).toMatchObject({ tracks: [{ from: stream }, { from: other }] })
    await ann.ask('subscribe', { media: { tracks }, transport: mesh })
    expect((await ann.next('subscription')).data).toMatchObject({ participant: ann.id })
  })
})

test.each([
  ['names webrtc, as OWT’s SDK does', { type: 'webrtc' }],
  ['names a type which is not known', { type: 'MESH' }],
  ['names a transport without its type', { id: 'mine' }],
  ['names no transport', undefined],
])('a subscribe that %s is refused as no_media_server, and not notified', async (_name, transport) => {
  const { ann, bob, stream } = await pairWithStream()
  const media = { tracks: [{ type: 'audio', from: stream }] }
  const answer = await bob.request('subscribe', { media, ...(transport ? { transport } : {}) })
  expect(answer).toEqual(
    refusal("There is no media server: publish and subscribe with transport { type: 'mesh' }", 'no_media_server'),
  )
  const never = { id: 'never' }
  expect((await bob.request('unsubscribe', never)).code).toBe('no_such_subscription')
  expect((await bob.request('soac', { ...never, signaling: { type: 'offer' } })).code).toBe('no_such_transport')
  const pause = { ...never, operation: 'pause', data: 'audio' }
  expect((await bob.request('subscription-control', pause)).code).toBe('no_such_subscription')
  expect([await ann.barrier(), await bob.barrier()]).toEqual([[], []])
})

describe('a subscribe in protocol', () => {
  test.each(['1.0', '1.1'] as const)('%s is refused as no_media_server', async (protocol) => {
    const { ann, bob, stream } = await pairWithStream({ protocol })
    const media = {
      audio: { from: stream },
      video: { from: stream, parameters: { bitrate: 'x0.8' }, simulcastRid: 'a' },
    }
    expect((await bob.request('subscribe', { media })).code).toBe('no_media_server')
    expect((await bob.request('subscribe', { media: { audio: false, video: false } })).code).toBe('no_media_server')
    expect(await ann.barrier()).toEqual([])
  })

  test.each([
    ['tracks', (from: string) => ({ media: { tracks: [{ type: 'audio', from }] } })],
    ['no audio', () => ({ media: { video: false } })],
    ['audio without from', () => ({ media: { audio: {}, video: false } })],
    ['`media: null`', () => ({ media: null })],
  ])('1.1 with %s is refused as invalid', async (_name, request) => {
    const { ann, bob, stream } = await pairWithStream({ protocol: '1.1' })
    expect((await bob.request('subscribe', request(stream))).code).toBe('bad_request')
    expect(await ann.barrier()).toEqual([])
  })
})

describe('a subscribe', () => {
  const track = { type: 'audio', from: 'x' }

  test.each([
    ['null', null, 'request should be object "object"'],
    ['no media', {}, `request should have required property 'media' "media"`],
    ['media without tracks', { media: {} }, `request.media should have required property 'tracks' "tracks"`],
    [
      'a type that is not known',
      { media: { tracks: [{ type: 'x' }] } },
      'request.media.tracks[0].type should be equal to one of the allowed values ["audio","video"]',
    ],
    [
      'a number as `from`',
      { media: { tracks: [{ type: 'audio', from: 1 }] } },
      'request.media.tracks[0].from should be string "string"',
    ],
    [
      'a codec that is not known',
      { media: { tracks: [{ ...track, format: { codec: 'mp3' } }] } },
      'request.media.tracks[0].format.codec should be equal to one of the allowed values ["pcmu","pcma","opus","g722","iSAC","iLBC","aac","ac3","nellymoser"]',
    ],
    [
      'a resolution without height',
      { media: { tracks: [{ ...track, parameters: { resolution: { width: 1 } } }] } },
      `request.media.tracks[0].parameters.resolution should have required property 'height' "height"`,
    ],
    ['data without `from`', { media: null, data: {} }, `request.data should have required property 'from' "from"`],
    ['an unknown field', { media: null, extra: 1 }, 'request should NOT have additional properties "extra"'],
    ['neither tracks nor data', { media: null, transport: mesh }, 'request has neither tracks nor data'],
    ['no tracks at all', { media: { tracks: [] }, transport: mesh }, 'request has neither tracks nor data'],
  ])('with %s is refused as invalid, and not notified', async (_name, request, error) => {
    const { ann, bob } = await pairWithStream()
    const answer = await bob.request('subscribe', request)
    expect(answer).toMatchObject({ status: 'error', code: 'bad_request' })
    expect(String(answer.error).split(',request')[0]).toBe(error)
    expect(await ann.barrier()).toEqual([])
  })

  test('to a stream that does not exist is refused', async () => {
    const { ann, bob } = await pairWithStream()
    const answers = [
      await bob.request('subscribe', { media: { tracks: [track] }, transport: mesh }),
      await bob.request('subscribe', { media: null, data: { from: 'y' }, transport: mesh }),
      await bob.request('subscribe', { media: { tracks: [{ type: 'audio' }] }, transport: mesh }),
    ]
    expect(answers).toEqual(
      ['x', 'y', 'undefined'].map((from) => refusal(`Subscription source not found: ${from}`, 'no_such_source')),
    )
    expect(await ann.barrier()).toEqual([])
  })

  test('to a stream of another room is refused', async () => {
    const [one, two] = [await pairWithStream(), await pairWithStream()]
    const answer = await one.bob.request('subscribe', {
      media: { tracks: [{ type: 'audio', from: two.stream }] },
      transport: mesh,
    })
    expect(answer.code).toBe('no_such_source')
    expect(await two.ann.barrier()).toEqual([])
  })

  test.each(['audio', 'video'])('to a stream that has no %s is refused', async (type) => {
    const { ann, bob } = await pairWithStream()
    const other = type === 'audio' ? 'video' : 'audio'
    const { id } = await ann.ask('publish', { media: { tracks: [{ type: other }] }, transport: mesh })
    await ann.barrier()
    const expected = refusal(`Target ${type} stream does NOT satisfy:Requested ${type} stream`, 'source_unsatisfying')
    for (const from of [id, `${id}-0`]) {
      expect(await bob.request('subscribe', { media: { tracks: [{ type, from }] }, transport: mesh })).toEqual(expected)
    }
    expect(await ann.barrier()).toEqual([])
  })

  test('to streams of two participants is refused', async () => {
    const { ann, bob, stream, room } = await pairWithStream()
    const cem = await enter(node.url, { room })
    const other = await publishBoth(cem)
    await ann.barrier()
    const tracks = [
      { type: 'audio', from: stream },
      { type: 'audio', from: other },
    ]
    expect((await bob.request('subscribe', { media: { tracks }, transport: mesh })).code).toBe('several_owners')
    expect([await ann.barrier(), await cem.barrier()]).toEqual([[], []])
  })

  test.each([
    ['audio_only_presenter', 'video'],
    ['video_only_viewer', 'audio'],
  ])('of a participant in the role %s to %s is refused as unauthorized', async (role, type) => {
    const { ann, bob, stream } = await pairWithStream({ role })
    const answer = await bob.request('subscribe', { media: { tracks: [{ type, from: stream }] }, transport: mesh })
    expect(answer).toEqual(refusal('unauthorized', 'unauthorized'))
    expect(await ann.barrier()).toEqual([])
  })
})
