import { describe, expect, test } from 'vitest'
import { newId } from '../../../src/core/ids.ts'
import { enter } from '../../support/client.ts'
import { caller, error, managementKeys, owtCaller } from '../../support/management-caller.ts'
import { newRoom, startNode } from '../../support/node.ts'

const env = { MANAGEMENT_KEYS: managementKeys }
const node = await startNode({ redis: true, env })
const call = caller(node.url)
const owt = owtCaller(node.url)

type Room = { _id: string; [field: string]: unknown }

async function make(options?: object): Promise<Room> {
  const { body } = await owt('POST', '/v1/rooms', { name: 'a room', ...(options ? { options } : {}) })
  return body as Room
}

describe('OWT’s REST client', () => {
  test('creates, lists, reads, changes and deletes a room', async () => {
    const made = await owt('POST', '/v1/rooms', { name: 'meeting', options: { participantLimit: 5 } })
    expect(made).toMatchObject({ status: 200, body: { name: 'meeting', participantLimit: 5, inputLimit: -1 } })
    const { _id } = made.body as Room
    expect(_id).toMatch(/^[0-9a-f]{24}$/)
    expect((await owt('GET', '/v1/rooms')).body).toContainEqual(made.body)
    expect(await owt('GET', `/v1/rooms/${_id}`)).toMatchObject({ status: 200, body: made.body })
    const put = await owt('PUT', `/v1/rooms/${_id}`, { ...(made.body as Room), participantLimit: 7 })
    expect(put).toMatchObject({ status: 200, body: { ...(made.body as Room), participantLimit: 7 } })
    const patch = [{ op: 'replace', path: '/inputLimit', value: 3 }]
    const patched = await owt('PATCH', `/v1/rooms/${_id}`, patch)
    expect(patched).toMatchObject({ status: 200, body: { name: 'meeting', participantLimit: 7, inputLimit: 3 } })
    expect(await owt('DELETE', `/v1/rooms/${_id}`)).toMatchObject({ status: 200, text: 'Room deleted' })
    expect(await owt('GET', `/v1/rooms/${_id}`)).toMatchObject(error(404, 1003, 'Room not found'))
    expect(await owt('DELETE', `/v1/rooms/${_id}`)).toMatchObject(error(404, 1003, 'Room not found'))
  })

  test('is answered with and without a trailing slash, in v1 and v1.1', async () => {
    const { _id } = await make()
    for (const path of ['/v1/rooms/', `/v1/rooms/${_id}/`, `/v1/rooms/${_id}/streams/`, `/v1.1/rooms/${_id}/tokens/`]) {
      const isToken = path.endsWith('/tokens/')
      const answer = await owt(isToken ? 'POST' : 'GET', path, isToken ? { user: 'u', role: 'viewer' } : undefined)
      expect(answer.status, path).toBe(200)
    }
  })
})

describe('a created room', () => {
  test('takes its id from the body or the options, and an id only once', async () => {
    const [one, two] = [newId(), newId()]
    expect(await call('POST', '/v1/rooms', { body: { name: 'n', _id: one } })).toMatchObject({ body: { _id: one } })
    const named = await call('POST', '/v1/rooms', { body: { name: 'n', options: { _id: two } } })
    expect(named).toMatchObject({ body: { _id: two } })
    const again = await call('POST', '/v1/rooms', { body: { name: 'other', _id: one } })
    expect(again).toMatchObject(error(409, 1201, 'Room exists'))
    expect((await call('GET', `/v1/rooms/${one}`)).body).toMatchObject({ name: 'n' })
  })

  test('stores OWT’s media settings, and accepts them as it returned them', async () => {
    const media = { mediaIn: { audio: [{ codec: 'opus' }] }, transcoding: { audio: true }, selectActiveAudio: false }
    const views = [{ label: 'common', audio: { vad: true } }, { label: 'second' }]
    const room = await make({ ...media, views })
    expect(room).toMatchObject({ ...media, views })
    expect((await owt('PUT', `/v1/rooms/${room._id}`, room)).body).toEqual(room)
  })

  test('has its limit, roles and views at a login', async () => {
    const roles = [{ role: 'guest', publish: { audio: true, video: false }, subscribe: { audio: true, video: true } }]
    const { _id } = await make({ participantLimit: 1, roles, views: [{ label: 'mine' }] })
    const token = await owt('POST', `/v1/rooms/${_id}/tokens/`, { user: 'ann', role: 'guest' })
    const ann = await enter(node.url, { room: _id, token: token.text })
    const joined = await owt('GET', `/v1/rooms/${_id}/participants/`)
    const { publish, subscribe } = roles[0] ?? {}
    expect(joined.body).toEqual([{ id: ann.id, user: 'ann', role: 'guest', permission: { publish, subscribe } }])
    await expect(enter(node.url, { room: _id, role: 'guest' })).rejects.toThrow('Room is full')
    await expect(enter(node.url, { room: _id, role: 'presenter' })).rejects.toThrow('Invalid role')
  })

  test('sends no notifications of participants if `notifying.participantActivities` is false', async () => {
    const { _id } = await make({ notifying: { participantActivities: false } })
    const ann = await enter(node.url, { room: _id })
    await enter(node.url, { room: _id })
    expect(await ann.barrier()).toEqual([])
  })
})

describe('a room that exists because a participant joined', () => {
  test('is listed, read, changed and deleted like any other', async () => {
    const room = newRoom()
    const path = `/v1/rooms/${encodeURIComponent(room)}`
    const ann = await enter(node.url, { room })
    expect((await call('GET', path)).body).toMatchObject({ _id: room, name: room, participants: 1 })
    expect((await call('GET', '/v1/rooms')).body).toContainEqual(expect.objectContaining({ _id: room }))
    const patched = await call('PATCH', path, { body: { participantLimit: 1 } })
    expect(patched).toMatchObject({ status: 200, body: { participantLimit: 1 } })
    await expect(enter(node.url, { room })).rejects.toThrow('Room is full')
    expect((await call('DELETE', path)).status).toBe(200)
    expect((await ann.next('drop')).event).toBe('drop')
    expect(await ann.closed).toBe('io server disconnect')
    expect((await call('GET', path)).status).toBe(404)
  })
})

describe('pages', () => {
  test('of rooms follow each other, and contain each room once', async () => {
    const alone = await startNode({ redis: true, env })
    const ask = caller(alone.url)
    const made = ['d', 'a', 'c', 'e', 'b']
    for (const name of made) await ask('POST', '/v1/rooms', { body: { name, _id: name } })
    const page = async (query: string) =>
      ((await ask('GET', `/v1/rooms?${query}`)).body as Room[]).map(({ _id }) => _id)
    expect(await page('page=1&per_page=2')).toEqual(['a', 'b'])
    expect(await page('page=2&per_page=2')).toEqual(['c', 'd'])
    expect(await page('page=3&per_page=2')).toEqual(['e'])
    expect(await page('page=4&per_page=2')).toEqual([])
    expect(await page('per_page=3')).toEqual(['a', 'b', 'c'])
    expect(await page('')).toEqual(made.toSorted())
  })

  test.each(['page=0', 'page=-1', 'page=x', 'page=1.5', 'per_page=0', 'per_page=1001', 'page=1e3', 'page=1&page=2'])(
    'with an invalid query are refused: %s',
    async (query) => {
      expect(await call('GET', `/v1/rooms?${query}`)).toMatchObject(error(400, 1201))
    },
  )
})

describe('a patch', () => {
  const bad = error(400, 1201)
  const patched = async (...operations: object[]) => {
    const { _id } = await make({ participantLimit: 4, views: [{ label: 'a' }, { label: 'b' }] })
    return { ...(await call('PATCH', `/v1/rooms/${_id}`, { body: operations })), _id }
  }

  test('adds, removes, moves, copies and tests as RFC 6902 specifies', async () => {
    const { body } = await patched(
      { op: 'test', path: '/participantLimit', value: 4 },
      { op: 'add', path: '/views/1', value: { label: 'between' } },
      { op: 'add', path: '/views/-', value: { label: 'last' } },
      { op: 'remove', path: '/views/0' },
      { op: 'copy', from: '/participantLimit', path: '/inputLimit' },
      { op: 'move', from: '/views/2', path: '/views/0' },
    )
    expect(body).toMatchObject({ inputLimit: 4, views: [{ label: 'last' }, { label: 'between' }, { label: 'b' }] })
  })

  test.each([
    ['tests for another value', [{ op: 'test', path: '/participantLimit', value: 5 }]],
    ['replaces a missing field', [{ op: 'replace', path: '/mediaIn', value: {} }]],
    ['has a path without a slash', [{ op: 'replace', path: 'participantLimit', value: 1 }]],
    ['breaks a type', [{ op: 'replace', path: '/participantLimit', value: 'x' }]],
    ['renames the room', [{ op: 'replace', path: '/_id', value: 'other' }]],
    ['adds an unknown field', [{ op: 'add', path: '/admin', value: true }]],
    ['reaches for a prototype', [{ op: 'add', path: '/__proto__/polluted', value: true }]],
    ['reaches for a constructor', [{ op: 'add', path: '/constructor/prototype/polluted', value: true }]],
    ['reaches for a method', [{ op: 'add', path: '/toString/polluted', value: true }]],
    ['copies a method', [{ op: 'copy', from: '/toString', path: '/mediaIn' }]],
    ['adds beyond the list', [{ op: 'add', path: '/views/9', value: { label: 'x' } }]],
    ['copies beyond the list', [{ op: 'copy', from: '/views/0', path: '/views/9' }]],
    ['copies to no index of the list', [{ op: 'copy', from: '/views/0', path: '/views/x' }]],
    ['replaces the end of the list', [{ op: 'replace', path: '/views/-', value: { label: 'x' } }]],
    ['writes an index with a leading zero', [{ op: 'replace', path: '/views/01', value: { label: 'x' } }]],
    ['writes an index that ends in text', [{ op: 'replace', path: '/views/1x', value: { label: 'x' } }]],
    ['reads the length of the list', [{ op: 'test', path: '/views/length', value: 2 }]],
    ['removes the length of the list', [{ op: 'remove', path: '/views/length' }]],
    ['reads the length of a text', [{ op: 'test', path: '/name/length', value: 'a room'.length }]],
    ['moves a value into itself', [{ op: 'move', from: '/views/0', path: '/views/0/label' }]],
    ['moves an item into the next', [{ op: 'move', from: '/views/0', path: '/views/0/about' }]],
    ['removes the room', [{ op: 'remove', path: '' }]],
    ['has an unknown operation', [{ op: 'delete', path: '/views' }]],
  ])('that %s is refused completely', async (_name, operations) => {
    const { status, body, _id } = await patched({ op: 'replace', path: '/inputLimit', value: 0 }, ...operations)
    expect({ status, body }).toMatchObject(bad)
    expect((await call('GET', `/v1/rooms/${_id}`)).body).toMatchObject({ inputLimit: -1, participantLimit: 4 })
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
    expect(Object.hasOwn(Object.prototype.toString, 'polluted')).toBe(false)
  })

  test.each([1000, 10_000])('that compares two lists of %i items is answered within a second', async (length) => {
    const list = (period: number) => Array.from({ length }, (_, nth) => nth % period)
    const started = performance.now()
    const { status, body } = await patched(
      { op: 'add', path: '/mediaIn', value: list(7) },
      { op: 'test', path: '/mediaIn', value: list(5) },
    )
    expect(performance.now() - started).toBeLessThan(1000)
    expect({ status, body }).toMatchObject(bad)
  })
})

describe('the settings of a room have the limit of a body:', () => {
  const bad = error(400, 1201, 'Bad room configuration')
  const copies = (count: number, from: string, to: (nth: number) => string) =>
    Array.from({ length: count }, (_, nth) => ({ op: 'copy', from, path: to(nth) }))
  const list = { op: 'add', path: '/mediaIn', value: ['x'.repeat(200)] }
  const object = { op: 'add', path: '/mediaIn', value: { text: 'x'.repeat(200) } }

  test.each([
    ['into a list repeatedly', [list, ...copies(40, '/mediaIn', () => '/mediaIn/-')]],
    ['into an object repeatedly', [object, ...copies(40, '/mediaIn', (nth) => `/mediaIn/copy${nth}`)]],
    ['one level deeper repeatedly', [{ ...list, value: [[]] }, ...copies(40, '/mediaIn', () => '/mediaIn/0')]],
  ])('a patch that copies a value %s is refused, and the room stays as it is', async (_name, operations) => {
    const { _id } = await make()
    const path = `/v1/rooms/${_id}`
    const before = (await call('GET', path)).body
    const { status, body } = await call('PATCH', path, { body: operations })
    expect({ status, body }).toMatchObject(error(400, 1201))
    expect((await call('GET', path)).body).toEqual(before)
  })

  test('a patch whose document is too large between two operations is refused, although its result is small', async () => {
    const { _id } = await make()
    const path = `/v1/rooms/${_id}`
    const before = (await call('GET', path)).body
    // twelve doublings of 200 bytes are 800 kB
    const operations = [list, ...copies(12, '/mediaIn', () => '/mediaIn/-'), { op: 'remove', path: '/mediaIn' }]
    expect(await call('PATCH', path, { body: operations })).toMatchObject(error(400, 1201))
    expect((await call('GET', path)).body).toEqual(before)
  })

  test('a patch that moves values into each other until they are too deep is refused', async () => {
    const { _id } = await make()
    const nested = '['.repeat(20) + ']'.repeat(20)
    const values = ['mediaIn', 'mediaOut'].map((field) => ({ op: 'add', path: `/${field}`, value: JSON.parse(nested) }))
    const into = `/mediaIn${'/0'.repeat(19)}`
    const move = { op: 'move', from: '/mediaOut', path: `${into}/0` }
    const answer = await call('PATCH', `/v1/rooms/${_id}`, { body: [...values, move] })
    expect(answer).toMatchObject(error(400, 1201))
  })

  test('changes of single fields are refused when the fields are too large together', async () => {
    const { _id } = await make()
    const value = 'x'.repeat(30_000)
    for (const field of ['mediaIn', 'mediaOut']) {
      expect((await call('PUT', `/v1/rooms/${_id}`, { body: { [field]: value } })).status).toBe(200)
    }
    expect(await call('PUT', `/v1/rooms/${_id}`, { body: { transcoding: value } })).toMatchObject(bad)
    expect((await call('PUT', `/v1/rooms/${_id}`, { body: { mediaIn: 1, transcoding: value } })).status).toBe(200)
  })
})

describe('an invalid room is refused:', () => {
  test.each([
    ['no name', {}, 'Invalid request body'],
    ['a name that is a number', { name: 5 }, 'Invalid request body'],
    ['an empty name', { name: '' }, 'Invalid request body'],
    ['null', null, 'Invalid request body'],
    ['a list', [], 'Invalid request body'],
    ['an id that is a path', { name: 'n', _id: '../../etc' }, 'Invalid request body'],
    ['an id with a lone surrogate', { name: 'n', _id: '\ud800' }, 'Invalid request body'],
    ['a limit that is a string', { name: 'n', options: { participantLimit: '5' } }, 'Invalid room option'],
    ['a limit below -1', { name: 'n', options: { participantLimit: -2 } }, 'Invalid room option'],
    ['a role without permissions', { name: 'n', options: { roles: [{ role: 'x' }] } }, 'Invalid room option'],
    ['options that are a list', { name: 'n', options: [] }, 'Invalid room option'],
  ])('%s', async (_name, body, message) => {
    expect(await call('POST', '/v1/rooms', { body })).toMatchObject(error(400, 1201, message))
  })

  test('a change to settings with which no room can be created', async () => {
    const { _id } = await make()
    for (const body of [{ participantLimit: 'x' }, { views: [{ label: 1 }] }, [], null, 'text']) {
      const answer = await call('PUT', `/v1/rooms/${_id}`, { body })
      expect(answer).toMatchObject(error(400, 1201, 'Bad room configuration'))
    }
  })
})
