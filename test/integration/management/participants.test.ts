import { describe, expect, test } from 'vitest'
import { type Client, connect, enter, loginInfo } from '../../support/client.ts'
import { caller, error, managementKeys, owtCaller } from '../../support/management-caller.ts'
import { both, mesh, publishBoth, subscribeBoth } from '../../support/media.ts'
import { lose, newRoom, startCluster } from '../../support/node.ts'

const [a, b] = await startCluster(2, { env: { MANAGEMENT_KEYS: managementKeys } })
if (!a || !b) throw new Error('No nodes')
const owt = owtCaller(a.url)
const call = caller(a.url)

const all = { publish: { audio: true, video: true }, subscribe: { audio: true, video: true } }
const noParticipant = error(404, 1005, 'Participant not found')

/** Ann is connected to node b. The requests go to node a. */
async function scene(role = 'presenter') {
  const room = newRoom()
  const ann = await enter(b?.url ?? '', { room, user: 'ann', role })
  return { room, ann, path: `/v1/rooms/${encodeURIComponent(room)}/participants` }
}

const permission = (path: string, value: unknown) => ({ op: 'replace', path: `/permission/${path}`, value })
const publish = (client: Client) => client.request('publish', { media: both, transport: mesh })

describe('participants', () => {
  test('are listed and read on any node, with OWT’s fields', async () => {
    const { ann, path } = await scene('viewer')
    const member = {
      id: ann.id,
      user: 'ann',
      role: 'viewer',
      permission: { publish: { audio: false, video: false }, subscribe: all.subscribe },
    }
    expect(await owt('GET', `${path}/`)).toMatchObject({ status: 200, body: [member] })
    expect(await owt('GET', `${path}/${ann.id}`)).toMatchObject({ status: 200, body: member })
  })

  test('are listed during their reconnect window', async () => {
    const { ann, path } = await scene()
    await lose(b, ann)
    expect((await owt('GET', path)).body).toEqual([{ id: ann.id, user: 'ann', role: 'presenter', permission: all }])
  })

  test('are listed in pages if the request names a page size', async () => {
    const { room, path } = await scene()
    for (let n = 0; n < 4; n += 1) await enter(a.url, { room })
    const ids = ((await call('GET', path)).body as { id: string }[]).map(({ id }) => id)
    const page = async (n: number) =>
      ((await call('GET', `${path}?page=${n}&per_page=2`)).body as { id: string }[]).map(({ id }) => id)
    expect([...(await page(1)), ...(await page(2)), ...(await page(3)), ...(await page(4))]).toEqual(ids)
  })
})

describe('a permission', () => {
  test('takes effect at the next request when it is taken and when it is given, on another node', async () => {
    const { ann, path } = await scene()
    const restricted = await owt('PATCH', `${path}/${ann.id}`, [permission('publish', { audio: false, video: false })])
    expect(restricted).toMatchObject({ status: 200, body: { id: ann.id, permission: { publish: { audio: false } } } })
    expect(await publish(ann)).toMatchObject({ status: 'error', error: 'unauthorized' })
    await owt('PATCH', `${path}/${ann.id}`, [permission('publish/audio', true), permission('publish/video', true)])
    expect(await publish(ann)).toMatchObject({ status: 'ok' })
  })

  test('changes without a notification, and existing streams and subscriptions stay', async () => {
    const { room, ann, path } = await scene()
    const bob = await enter(a.url, { room })
    const stream = await publishBoth(ann)
    const subscription = await subscribeBoth(bob, stream)
    await bob.barrier()
    await ann.barrier()
    await owt('PATCH', `${path}/${ann.id}`, [permission('publish/video', false)])
    await owt('PATCH', `${path}/${bob.id}`, [permission('subscribe', { audio: false, video: false })])
    expect(await ann.barrier()).toEqual([])
    expect(await bob.barrier()).toEqual([])
    const signaling = { type: 'offer', sdp: 'x' }
    expect(await bob.request('soac', { id: subscription, signaling })).toMatchObject({ status: 'ok' })
    const refusal = { status: 'error', error: 'unauthorized' }
    const tracks = both.tracks.map(({ type }) => ({ type, from: stream }))
    expect(await bob.request('subscribe', { media: { tracks }, transport: mesh })).toMatchObject(refusal)
  })

  test('stays through a relogin, whether it changed before, during or after the window', async () => {
    const { room, ann, path } = await scene()
    await owt('PATCH', `${path}/${ann.id}`, [permission('publish/audio', false)])
    await lose(b, ann)
    await owt('PATCH', `${path}/${ann.id}`, [permission('publish/audio', true)])
    await owt('PATCH', `${path}/${ann.id}`, [permission('publish/video', false)])
    const back = await connect(a.url)
    await back.relogin({ ticket: ann.ticket, seq: ann.seq })
    // the replayed entries are older than the permission that the relogin returned
    await back.barrier()
    expect(await publish(back)).toMatchObject({ status: 'error', error: 'unauthorized' })
    await owt('PATCH', `${path}/${ann.id}`, [permission('publish/video', true)])
    expect(await publish(back)).toMatchObject({ status: 'ok' })
    expect(room).toBeTruthy()
  })

  test('keeps all changes that are made at once', async () => {
    const { ann, path } = await scene()
    const fields = ['publish/audio', 'publish/video', 'subscribe/audio', 'subscribe/video']
    const answers = await Promise.all(
      fields.map((field) => owt('PATCH', `${path}/${ann.id}`, [permission(field, false)])),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const none = { audio: false, video: false }
    expect((await owt('GET', `${path}/${ann.id}`)).body).toMatchObject({
      permission: { publish: none, subscribe: none },
    })
  })

  test.each([
    ['an object', { op: 'replace' }],
    ['an empty list', []],
    ['a string', '"x"'],
    ['null', null],
    ['another operation', [{ op: 'add', path: '/permission/publish/audio', value: true }]],
    ['another field', [{ op: 'replace', path: '/role', value: 'admin' }]],
    ['a path with `..`', [permission('../role', true)]],
    ['a prototype', [permission('__proto__/audio', true)]],
    ['a value of another type', [permission('publish/audio', 'yes')]],
    ['a boolean for both', [permission('publish', true)]],
    ['half of both', [permission('publish', { audio: true })]],
    ['no value', [{ op: 'replace', path: '/permission/publish/audio' }]],
  ])('is not changed by %s', async (_name, body) => {
    const { ann, path } = await scene()
    expect(await call('PATCH', `${path}/${ann.id}`, { body })).toMatchObject(error(400, 1201, 'Invalid request body'))
    expect((await call('GET', `${path}/${ann.id}`)).body).toMatchObject({ permission: all })
  })
})

describe('dropping', () => {
  test('a participant disconnects it on another node, and the others are notified that it left', async () => {
    const { room, ann, path } = await scene()
    const bob = await enter(a.url, { room })
    await ann.next('participant')
    expect(await owt('DELETE', `${path}/${ann.id}`)).toMatchObject({ status: 200, text: '' })
    expect((await ann.next('drop')).data).toBeUndefined()
    expect(await ann.closed).toBe('io server disconnect')
    expect((await bob.next('participant')).data).toEqual({ action: 'leave', data: ann.id })
    expect(await owt('DELETE', `${path}/${ann.id}`)).toMatchObject(noParticipant)
    const back = await connect(a.url)
    expect(await back.request('relogin', ann.ticket)).toMatchObject({ error: 'Client does NOT exist' })
  })

  test('a participant in its window removes it', async () => {
    const { ann, path } = await scene()
    await lose(b, ann)
    expect((await owt('DELETE', `${path}/${ann.id}`)).status).toBe(200)
    const back = await connect(b.url)
    expect(await back.request('relogin', ann.ticket)).toMatchObject({ error: 'Client does NOT exist' })
  })

  test('a room disconnects its participants on all nodes', async () => {
    const { room, ann } = await scene()
    const bob = await enter(a.url, { room })
    expect((await owt('DELETE', `/v1/rooms/${encodeURIComponent(room)}`)).text).toBe('Room deleted')
    for (const client of [ann, bob]) {
      await client.next('drop')
      expect(await client.closed).toBe('io server disconnect')
    }
  })
})

describe('a missing participant', () => {
  const ids = ['nobody', '..%2F..%2Fetc', '%00', '__proto__', '%7Bsb%7D', 'x'.repeat(2000), '*']
  test.each(ids)('%s is not found, and the request changes nothing', async (id) => {
    const { ann, path } = await scene()
    const body = [permission('publish/audio', false)]
    expect(await call('GET', `${path}/${id}`)).toMatchObject(noParticipant)
    expect(await call('PATCH', `${path}/${id}`, { body })).toMatchObject(noParticipant)
    expect(await call('DELETE', `${path}/${id}`)).toMatchObject(noParticipant)
    expect((await call('GET', `${path}/${ann.id}`)).status).toBe(200)
  })

  test.each(ids)('of a missing room %s is not found', async (room) => {
    const noRoom = error(404, 1003, 'Room not found')
    const path = `/v1/rooms/${room}/participants`
    const body = [permission('publish/audio', false)]
    expect(await call('GET', path)).toMatchObject(noRoom)
    expect(await call('GET', `${path}/x`)).toMatchObject(noRoom)
    expect(await call('PATCH', `${path}/x`, { body })).toMatchObject(noRoom)
    expect(await call('DELETE', `${path}/x`)).toMatchObject(noRoom)
  })

  test('of this room, but present in another one, is not found', async () => {
    const [one, another] = [await scene(), await scene()]
    expect(await call('DELETE', `${another.path}/${one.ann.id}`)).toMatchObject(noParticipant)
    expect(await one.ann.barrier()).toEqual([])
  })

  test('is not left by a refused login', async () => {
    const room = newRoom()
    const client = await connect(a.url)
    await client.request('login', loginInfo({ room, role: 'nobody' }))
    expect((await call('GET', `/v1/rooms/${encodeURIComponent(room)}/participants`)).status).toBe(404)
  })
})
