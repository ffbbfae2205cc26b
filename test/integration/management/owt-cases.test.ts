import { describe, expect, test } from 'vitest'
import { newId } from '../../../src/core/ids.ts'
import { connect } from '../../support/client.ts'
import { error, managementKeys, owtCaller } from '../../support/management-caller.ts'
import { both, mesh } from '../../support/media.ts'
import { startNode } from '../../support/node.ts'
import {
  mediaIn,
  mediaOut,
  notifying,
  presenter,
  sip,
  transcoding,
  viewAudio,
  viewer,
  viewVideo,
  wholeRoom,
} from './owt-rooms.ts'

const node = await startNode({ redis: true, env: { MANAGEMENT_KEYS: managementKeys } })
const owt = owtCaller(node.url)

type Room = { _id: string; [field: string]: unknown }

/** OWT's defaults for the settings of a room that signaling uses. */
const defaults = {
  participantLimit: -1,
  inputLimit: -1,
  roles: [
    presenter,
    viewer,
    {
      role: 'audio_only_presenter',
      publish: { audio: true, video: false },
      subscribe: { audio: true, video: false },
    },
    {
      role: 'video_only_viewer',
      publish: { audio: false, video: false },
      subscribe: { audio: false, video: true },
    },
    { ...presenter, role: 'sip' },
  ],
  views: [{ label: 'common' }],
  notifying: { participantActivities: true, streamChange: true },
}

const allMedia = { audio: true, video: true }
const nameless = { name: 'common', video: {} }

describe('a room that OWT’s client creates with', () => {
  test.each<[string, { options?: object | null; [field: string]: unknown }, object]>([
    ['only a name', {}, defaults],
    ['no options', { options: {} }, defaults],
    ['options null', { options: null }, defaults],
    ['a view without a label', { options: { views: [nameless] } }, { views: [{ ...nameless, label: 'common' }] }],
    ['an empty view', { options: { views: [{}] } }, { views: [{ label: 'common' }] }],
    [
      'a view with audio only',
      { options: { views: [{ audio: viewAudio }] } },
      { views: [{ label: 'common', audio: viewAudio }] },
    ],
    [
      'a view with video only',
      { options: { views: [{ label: 'v', video: viewVideo }] } },
      { views: [{ label: 'v', video: viewVideo }] },
    ],
    [
      'a view whose video is false',
      { options: { views: [{ label: 'v', video: false }] } },
      { views: [{ label: 'v', video: false }] },
    ],
    [
      'two views',
      { options: { views: [{}, { label: 'second' }] } },
      { views: [{ label: 'common' }, { label: 'second' }] },
    ],
    ['no view', { options: { views: [] } }, { views: [] }],
    ['limits', { options: { participantLimit: 2, inputLimit: 0 } }, { participantLimit: 2, inputLimit: 0 }],
    ['one role', { options: { roles: [viewer] } }, { roles: [viewer] }],
    ['no role', { options: { roles: [] } }, { roles: [] }],
    ['one notification off', { options: { notifying: { streamChange: false } } }, { notifying }],
    ['mediaIn', { options: { mediaIn } }, { mediaIn, ...defaults }],
    ['mediaOut', { options: { mediaOut } }, { mediaOut, ...defaults }],
    ['transcoding', { options: { transcoding } }, { transcoding, ...defaults }],
    ['sip', { options: { sip } }, { sip, ...defaults }],
    ['everything', { options: wholeRoom }, wholeRoom],
  ])('%s is returned and read with these settings', async (_name, body, expected) => {
    const created = await owt('POST', '/v1/rooms', { name: 'citest', ...body })
    expect(created).toMatchObject({ status: 200, body: { name: 'citest', ...expected } })
    const { _id } = created.body as Room
    expect(_id).toMatch(/^[0-9a-f]{24}$/)
    expect((await owt('GET', `/v1/rooms/${_id}`)).body).toEqual(created.body)
    expect((await owt('GET', '/v1/rooms')).body).toContainEqual(created.body)
  })

  test.each<[string, object]>([
    ['a field of the body', { admin: true }],
    ['an option', { options: { admin: true } }],
    ['field of a role', { options: { roles: [{ ...viewer, admin: true }] } }],
    ['field of a permission', { options: { roles: [{ ...viewer, publish: { ...viewer.publish, data: true } }] } }],
    ['field of notifying', { options: { notifying: { admin: true } } }],
  ])('an unknown %s is ignored, as in OWT', async (_name, body) => {
    const created = await owt('POST', '/v1/rooms', { name: 'citest', ...body })
    expect(created.status).toBe(200)
    expect(created.text).not.toMatch(/admin|data/)
  })
})

describe('OWT’s client updates a room', () => {
  const create = async () => (await owt('POST', '/v1/rooms', { name: 'citest', options: { views: [nameless] } })).body

  test.each<[string, (room: Room) => object, object]>([
    ['completely', () => ({ name: 'other', ...wholeRoom }), { name: 'other', ...wholeRoom }],
    ['as it was read', (room) => room, { name: 'citest', views: [{ ...nameless, label: 'common' }] }],
    ['as it was read, with another limit', (room) => ({ ...room, participantLimit: 3 }), { participantLimit: 3 }],
    ['in one field', () => ({ inputLimit: 2 }), { name: 'citest', inputLimit: 2 }],
    ['in its views, without a label', () => ({ views: [{ video: {} }] }), { views: [{ video: {}, label: 'common' }] }],
    [
      'in unknown fields, which are ignored',
      () => ({ __v: 1, createdAt: 'today' }),
      { name: 'citest', participantLimit: -1 },
    ],
  ])('%s', async (_name, change, expected) => {
    const room = (await create()) as Room
    const put = await owt('PUT', `/v1/rooms/${room._id}`, change(room))
    expect(put).toMatchObject({ status: 200, body: { _id: room._id, ...expected } })
    expect(put.text).not.toMatch(/__v|createdAt/)
    expect((await owt('GET', `/v1/rooms/${room._id}`)).body).toEqual(put.body)
  })

  test('by JSON Patch, whose operations may have undefined members', async () => {
    const { _id } = (await create()) as Room
    const operations = [
      { op: 'replace', path: '/participantLimit', value: 5, why: 'more participants' },
      { op: 'add', path: '/views/-', value: { label: 'second' } },
    ]
    const patched = await owt('PATCH', `/v1/rooms/${_id}`, operations)
    const views = [{ ...nameless, label: 'common' }, { label: 'second' }]
    expect(patched).toMatchObject({ status: 200, body: { participantLimit: 5, views } })
  })

  test('and deletes the room', async () => {
    const { _id } = (await create()) as Room
    expect(await owt('DELETE', `/v1/rooms/${_id}`)).toMatchObject({ status: 200, text: 'Room deleted' })
    expect(await owt('GET', `/v1/rooms/${_id}`)).toMatchObject(error(404, 1003, 'Room not found'))
  })
})

test('OWT’s client reads all rooms in pages, each once', async () => {
  const ids = (await Promise.all(['a', 'b', 'c'].map((name) => owt('POST', '/v1/rooms', { name })))).map(
    ({ body }) => (body as Room)._id,
  )
  const seen: string[] = []
  for (let page = 1; ; page += 1) {
    const { status, body } = await owt('GET', `/v1/rooms?page=${page}&per_page=2`)
    expect(status).toBe(200)
    if ((body as Room[]).length === 0) break
    seen.push(...(body as Room[]).map(({ _id }) => _id))
  }
  expect(seen).toEqual(expect.arrayContaining(ids))
  expect(new Set(seen).size).toBe(seen.length)
})

describe('a request that OWT refuses is refused:', () => {
  test.each<[string, object, string]>([
    ['a room without a name', {}, 'Invalid request body'],
    ['an empty name', { name: '' }, 'Invalid request body'],
    ['a name that is a number', { name: 1 }, 'Invalid request body'],
    ['options that are a string', { name: 'n', options: 'none' }, 'Invalid room option'],
    ['views that are not a list', { name: 'n', options: { views: {} } }, 'Invalid room option'],
    ['a limit that is not a number', { name: 'n', options: { inputLimit: 'many' } }, 'Invalid room option'],
  ])('%s', async (_name, body, message) => {
    expect(await owt('POST', '/v1/rooms', body)).toMatchObject(error(400, 1201, message))
  })

  test('a room, a participant or a stream that does not exist', async () => {
    const { _id } = (await owt('POST', '/v1/rooms', { name: 'citest' })).body as Room
    const path = `/v1/rooms/${_id}`
    expect(await owt('GET', '/v1/rooms/5cb5ba3e99be6461b99c1a1')).toMatchObject(error(404, 1003))
    expect(await owt('DELETE', '/v1/rooms/5cb5bd574a733a61beb159f0')).toMatchObject(error(404, 1003))
    expect(await owt('GET', `${path}/participants/5VbiI4cRn0eTJnJnAAAB`)).toMatchObject(error(404, 1005))
    expect(await owt('DELETE', `${path}/participants/5VbiI4cRn0eTJnJnAAAB`)).toMatchObject(error(404, 1005))
    expect(await owt('GET', `${path}/streams/5VbiI4cRn0eTJnJnAAAB`)).toMatchObject(error(404, 1004))
    expect((await owt('GET', `${path}/participants/`)).body).toEqual([])
    expect((await owt('GET', `${path}/streams/`)).body).toEqual([])
  })
})

describe('a participant of a room whose view has no label', () => {
  async function joined() {
    const { _id } = (await owt('POST', '/v1/rooms', { name: 'citest', options: { views: [nameless] } })).body as Room
    const preference = { isp: 'isp', region: 'region' }
    const token = await owt('POST', `/v1/rooms/${_id}/tokens/`, { preference, user: 'testuser', role: 'presenter' })
    const ann = await connect(node.url)
    const { room } = await ann.login({ room: _id, token: token.text })
    return { path: `/v1/rooms/${_id}/participants`, ann, id: ann.id, views: room.views }
  }

  test('receives the view as `common`, and is listed and read', async () => {
    const { path, id, views } = await joined()
    const body = { id, user: 'testuser', role: 'presenter', permission: { publish: allMedia, subscribe: allMedia } }
    expect(await owt('GET', `${path}/`)).toMatchObject({ status: 200, body: [body] })
    expect((await owt('GET', `${path}/${id}`)).body).toEqual(body)
    expect(views).toEqual(['common'])
  })

  test.each<[string, unknown, object]>([
    ['/permission/publish/audio', false, { publish: { audio: false, video: true } }],
    ['/permission/publish/video', false, { publish: { audio: true, video: false } }],
    ['/permission/publish', { audio: false, video: false, data: true }, { publish: { audio: false, video: false } }],
    ['/permission/subscribe/audio', false, { subscribe: { audio: false, video: true } }],
    ['/permission/subscribe/video', false, { subscribe: { audio: true, video: false } }],
    ['/permission/subscribe', { audio: false, video: false }, { subscribe: { audio: false, video: false } }],
  ])('loses %s by a patch, and has it again after another patch', async (patchPath, value, expected) => {
    const { path, ann, id } = await joined()
    const restricted = await owt('PATCH', `${path}/${id}`, [{ op: 'replace', path: patchPath, value }])
    const before = { publish: allMedia, subscribe: allMedia }
    expect(restricted).toMatchObject({ status: 200 })
    expect(restricted.body).toEqual({ id, user: 'testuser', role: 'presenter', permission: { ...before, ...expected } })
    const [what = ''] = Object.keys(expected)
    const media = { tracks: both.tracks.map(({ type, mid }) => ({ type, mid, from: newId() })) }
    for (const transport of [{ type: 'webrtc' }, mesh]) {
      expect(await ann.request(what, { media, transport })).toMatchObject({ error: 'unauthorized' })
    }
    const all = patchPath.split('/').length > 3 ? true : allMedia
    const restored = await owt('PATCH', `${path}/${id}`, [{ op: 'replace', path: patchPath, value: all }])
    expect(restored.body).toMatchObject({ permission: before })
  })

  test('is dropped by a DELETE', async () => {
    const { path, ann, id } = await joined()
    expect(await owt('DELETE', `${path}/${id}`)).toMatchObject({ status: 200, text: '' })
    expect((await ann.next('drop')).event).toBe('drop')
    expect((await owt('GET', `${path}/`)).body).toEqual([])
  })
})
