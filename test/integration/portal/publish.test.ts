import { describe, expect, test } from 'vitest'
import { roomIdOf } from '../../../src/core/model.ts'
import { connect, refusal } from '../../support/client.ts'
import { both, listed, mesh, publishBoth } from '../../support/media.ts'
import { newRoom, startNode } from '../../support/node.ts'
import { enterPair } from '../../support/pair.ts'

const node = await startNode()

describe('an accepted publish', () => {
  test('is acked with its id; its owner is notified that it is ready, and then every participant of the new stream', async () => {
    const { ann, bob } = await enterPair(node.url)
    const { id, transportId, ...more } = await ann.ask('publish', {
      media: both,
      attributes: { about: 'me' },
      transport: mesh,
    })
    expect(id).toMatch(/^[0-9a-f]{32}$/)
    expect([transportId, more]).toEqual([id, {}])
    const from = ann.id
    const added = {
      event: 'stream',
      data: { id, status: 'add', data: listed('1.2', id, ann.id, { about: 'me' }) },
      meta: { seq: 4, from },
    }
    expect(await ann.next()).toEqual({
      event: 'progress',
      data: { id, sessionId: id, status: 'ready' },
      meta: { seq: 3 },
    })
    expect(await ann.next()).toEqual(added)
    expect(await bob.barrier()).toEqual([added])
  })

  test('keeps the transport that it names', async () => {
    const { ann } = await enterPair(node.url)
    const { id, transportId } = await ann.ask('publish', { media: both, transport: { id: 'mine', type: 'mesh' } })
    expect(transportId).toBe('mine')
    expect(id).not.toBe('mine')
    expect((await ann.next('progress')).data).toEqual({ id: 'mine', sessionId: id, status: 'ready' })
    const { data } = (await ann.next('stream')).data as { data: { media: { tracks: { id: string }[] } } }
    expect(data.media.tracks.map((track) => track.id)).toEqual(['mine-0', 'mine-1'])
  })

  test.each([
    ['data only', { media: null, data: true }, []],
    ['no tracks', { media: { tracks: [] } }, []],
    ['one track, and keys that are not known', { media: { tracks: [{ type: 'audio', extra: 1 }] } }, ['0']],
    [
      'tracks without mids',
      { media: { tracks: [{ type: 'audio' }, { type: 'video' }, { type: 'video' }] } },
      ['0', '1', '2'],
    ],
  ])('may have %s', async (_name, request, mids) => {
    const { ann } = await enterPair(node.url)
    const { status } = await ann.request('publish', { ...request, transport: mesh })
    expect(status).toBe('ok')
    const { data } = (await ann.next('stream')).data as {
      data: { data: boolean; media: { tracks: { mid: string }[] } }
    }
    expect(data.media.tracks.map(({ mid }) => mid)).toEqual(mids)
    expect(data.data).toBe('data' in request)
  })

  test('is in the room that later logins receive, and is removed when its owner leaves', async () => {
    const { ann, bob, room } = await enterPair(node.url)
    const { id } = await ann.ask('publish', { media: both, transport: mesh })
    const cem = await connect(node.url)
    expect((await cem.login({ room })).room.streams).toEqual([listed('1.2', id, ann.id)])
    await ann.ask('logout')
    expect((await bob.barrier()).map(({ data }) => Object(data).status ?? Object(data).action)).toEqual([
      'add',
      'join',
      'leave',
      'remove',
    ])
  })

  test('is notified only to its owner in a room without notifications of streams', async () => {
    const room = newRoom()
    const notifying = { participantActivities: true, streamChange: false }
    await node.app.store.rooms.configure(roomIdOf('portal', room), { notifying })
    const { ann, bob } = await enterPair(node.url, { room })
    await ann.ask('publish', { media: both, transport: mesh })
    expect((await ann.barrier()).map(({ event }) => event)).toEqual(['progress'])
    expect(await bob.barrier()).toEqual([])
  })
})

describe('a publish by a client that expects a media server', () => {
  const refused = refusal(
    "There is no media server: publish and subscribe with transport { type: 'mesh' }",
    'no_media_server',
  )

  test.each([
    ['that names webrtc, as OWT’s SDK does', { media: both, transport: { type: 'webrtc' } }],
    ['that names quic', { media: null, data: true, transport: { type: 'quic', id: 'mine' } }],
    ['that names a type which is not known', { media: both, transport: { type: 'Mesh' } }],
    ['that names an empty type', { media: both, transport: { type: '' } }],
    ['that names no type', { media: both, transport: {} }],
    ['that names a transport without its type', { media: both, transport: { id: 'mine' } }],
    ['that names no transport', { media: both }],
    ['without tracks', { media: { tracks: [] } }],
  ])('%s is refused as no_media_server, and no participant is notified', async (_name, request) => {
    const { ann, bob } = await enterPair(node.url)
    expect(await ann.request('publish', request)).toEqual(refused)
    expect([await ann.barrier(), await bob.barrier()]).toEqual([[], []])
  })

  test('that was refused may be repeated for mesh with the same rid', async () => {
    const { ann, bob } = await enterPair(node.url)
    expect(await ann.request('publish', { media: both }, { rid: 1 })).toEqual(refused)
    expect((await ann.request('publish', { media: both, transport: mesh }, { rid: 1 })).status).toBe('ok')
    expect((await bob.barrier()).map(({ event }) => event)).toEqual(['stream'])
  })

  test('leaves its client in the room, and the requests that OWT’s SDK sends next are refused', async () => {
    const { ann, bob } = await enterPair(node.url)
    await ann.request('publish', { media: both, transport: { type: 'webrtc' } })
    const offer = { type: 'offer', sdp: 'v=0' }
    expect((await ann.request('soac', { signaling: offer })).code).toBe('invalid_soac_id')
    expect((await ann.request('soac', { id: null, signaling: offer })).code).toBe('invalid_soac_id')
    expect((await ann.request('unpublish', {})).code).toBe('invalid_stream_id')
    expect((await ann.request('unpublish', { id: 'never' })).code).toBe('no_such_stream')
    const pause = { id: 'never', operation: 'pause', data: 'audio' }
    expect((await ann.request('stream-control', pause)).code).toBe('no_such_stream')
    expect([await ann.barrier(), await bob.barrier()]).toEqual([[], []])
  })
})

describe('a publish in protocol', () => {
  const oldMedia = { audio: { source: 'mic' }, video: { source: 'camera', parameters: { framerate: 30 } } }

  test.each(['1.0', '1.1'] as const)(
    '%s is refused as no_media_server, and streams of other clients are notified in the form of that protocol',
    async (protocol) => {
      const { ann, bob } = await enterPair(node.url, { ann: { protocol } })
      expect((await ann.request('publish', { media: oldMedia, attributes: { about: 'me' } })).code).toBe(
        'no_media_server',
      )
      expect((await ann.request('publish', { media: { audio: false, video: false } })).code).toBe('no_media_server')
      const id = await publishBoth(bob, { about: 'me' })
      const data = listed(protocol, id, bob.id, { about: 'me' })
      expect((await ann.next()).data).toEqual({ id, status: 'add', data })
    },
  )

  test.each([
    ['tracks', { media: both }],
    ['no audio', { media: { video: false } }],
    ['no video', { media: { audio: false } }],
    ['`audio: true`', { media: { audio: true, video: false } }],
    ['audio from a camera', { media: { audio: { source: 'camera' }, video: false } }],
    ['`media: null`', { media: null }],
    ['a transport', { media: oldMedia, transport: {} }],
  ])('1.0 with %s is refused as invalid', async (_name, request) => {
    const { ann, bob } = await enterPair(node.url, { ann: { protocol: '1.0' } })
    const { code, error } = await ann.request('publish', request)
    expect(code).toBe('bad_request')
    expect(error).toMatch(/^request[.\w[\]]* should /)
    expect(await bob.barrier()).toEqual([])
  })
})

describe('a publish', () => {
  test.each([
    ['no data', undefined, 'request should be object "object"'],
    ['null', null, 'request should be object "object"'],
    ['no media', {}, `request should have required property 'media' "media"`],
    ['media without tracks', { media: {} }, `request.media should have required property 'tracks' "tracks"`],
    [
      'a type that is not known',
      { media: { tracks: [{ type: 'x' }] } },
      'request.media.tracks[0].type should be equal to one of the allowed values ["audio","video"]',
    ],
    [
      'a source that is not known',
      { media: { tracks: [{ type: 'audio', source: 'tape' }] } },
      'request.media.tracks[0].source should be equal to one of the allowed values ["mic","camera","screen-cast","raw-file","encoded-file"]',
    ],
    [
      'a mid that is a number',
      { media: { tracks: [{ type: 'audio', mid: 0 }] } },
      'request.media.tracks[0].mid should be string "string"',
    ],
    ['an unknown field', { media: null, extra: 1 }, 'request should NOT have additional properties "extra"'],
    [
      'an unknown field in media',
      { media: { tracks: [], extra: 1 } },
      'request.media should NOT have additional properties "extra"',
    ],
    [
      'an unknown field in transport',
      { media: null, transport: { url: '' } },
      'request.transport should NOT have additional properties "url"',
    ],
    [
      'null as the id of its transport',
      { media: null, transport: { id: null } },
      'request.transport.id should be string "string"',
    ],
    ['a list as attributes', { media: null, attributes: [] }, 'request.attributes should be object "object"'],
    ['a text as data', { media: null, data: 'yes' }, 'request.data should be boolean "boolean"'],
  ])('with %s is refused as invalid, and no participant is notified', async (_name, request, error) => {
    const { ann, bob } = await enterPair(node.url)
    const answer = await ann.request('publish', request)
    expect(answer).toMatchObject({ status: 'error', code: 'bad_request' })
    expect(String(answer.error).split(',request')[0]).toBe(error)
    expect(await bob.barrier()).toEqual([])
    expect(await ann.barrier()).toEqual([])
  })

  test.each([
    ['viewer', 'audio'],
    ['viewer', 'video'],
    ['audio_only_presenter', 'video'],
    ['video_only_viewer', 'video'],
  ])('of a participant in the role %s with %s is refused as unauthorized', async (role, type) => {
    const { ann, bob } = await enterPair(node.url, { ann: { role } })
    const answer = await ann.request('publish', { media: { tracks: [{ type }] }, transport: mesh })
    expect(answer).toEqual(refusal('unauthorized', 'unauthorized'))
    expect(await bob.barrier()).toEqual([])
  })

  test('above the input limit of the room is refused until a stream is removed', async () => {
    const room = newRoom()
    await node.app.store.rooms.configure(roomIdOf('portal', room), { inputLimit: 1 })
    const { ann, bob } = await enterPair(node.url, { room })
    const { id } = await ann.ask('publish', { media: both, transport: mesh })
    expect(await bob.request('publish', { media: both, transport: mesh })).toEqual(
      refusal('Too many inputs', 'too_many_inputs'),
    )
    await ann.ask('unpublish', { id })
    expect((await bob.request('publish', { media: both, transport: mesh })).status).toBe('ok')
  })

  test('in a room with an input limit of 0 is refused', async () => {
    const room = newRoom()
    await node.app.store.rooms.configure(roomIdOf('portal', room), { inputLimit: 0 })
    const { ann } = await enterPair(node.url, { room })
    expect((await ann.request('publish', { media: both, transport: mesh })).error).toBe('Too many inputs')
  })
})
