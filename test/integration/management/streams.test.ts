import { describe, expect, test } from 'vitest'
import { enter } from '../../support/client.ts'
import { caller, error, managementKeys, owtCaller } from '../../support/management-caller.ts'
import { listed, mesh, publishBoth, subscribeBoth } from '../../support/media.ts'
import { newRoom, startCluster } from '../../support/node.ts'

const [a, b] = await startCluster(2, { env: { MANAGEMENT_KEYS: managementKeys } })
if (!a || !b) throw new Error('No nodes')
const owt = owtCaller(a.url)
const call = caller(a.url)

async function scene() {
  const room = newRoom()
  const ann = await enter(b?.url ?? '', { room })
  const id = await publishBoth(ann)
  const within = (version: string) => `/${version}/rooms/${encodeURIComponent(room)}/streams`
  return { room, ann, id, path: within('v1'), within }
}

const status = (kind: string, value: unknown) => ({ op: 'replace', path: `/media/${kind}/status`, value })

test.each([
  ['v1', '1.0'],
  ['v1.1', '1.1'],
] as const)('%s lists and reads streams in the format of protocol %s', async (version, protocol) => {
  const { ann, id, within } = await scene()
  const stream = listed(protocol, id, ann.id)
  expect(await owt('GET', `${within(version)}/`)).toMatchObject({ status: 200, body: [stream] })
  expect((await owt('GET', `${within(version)}/${id}`)).body).toEqual(stream)
})

describe('a patch', () => {
  test('pauses and resumes a track, and participants on every node are notified', async () => {
    const { room, ann, id, path } = await scene()
    const bob = await enter(a.url, { room })
    await ann.next('participant')
    const paused = await owt('PATCH', `${path}/${id}`, [status('video', 'inactive')])
    expect(paused).toMatchObject({ status: 200, body: { media: { video: { status: 'inactive' } } } })
    for (const client of [ann, bob]) {
      const data = { field: 'video.status', value: 'inactive' }
      expect((await client.next('stream')).data).toEqual({ id, status: 'update', data })
    }
    expect((await owt('PATCH', `${path}/${id}`, [status('video', 'active')])).body).toMatchObject({
      media: { video: { status: 'active' }, audio: { status: 'active' } },
    })
  })

  test('of a track that the stream does not have is refused', async () => {
    const { ann, path } = await scene()
    const { id } = await ann.ask('publish', { media: { tracks: [{ type: 'audio' as const }] }, transport: mesh })
    expect(await call('PATCH', `${path}/${id}`, { body: [status('video', 'inactive')] })).toMatchObject(
      error(400, 1201),
    )
  })

  test.each([
    ['views, which do not exist', [{ op: 'add', path: '/info/inViews', value: 'common' }]],
    ['layout, which does not exist', [{ op: 'replace', path: '/info/layout', value: [] }]],
    ['another status', [status('audio', 'paused')]],
    ['a status of another type', [status('audio', true)]],
    ['another kind', [status('data', 'active')]],
    ['an empty list', []],
    ['an object', {}],
    ['null', null],
  ])('of %s is refused', async (_name, body) => {
    const { id, path } = await scene()
    expect(await call('PATCH', `${path}/${id}`, { body })).toMatchObject(error(400, 1201, 'Invalid request body'))
  })
})

test('a deleted stream is removed with its subscriptions, and every participant is notified', async () => {
  const { room, ann, id, path } = await scene()
  const bob = await enter(a.url, { room })
  const subscription = await subscribeBoth(bob, id)
  expect(await owt('DELETE', `${path}/${id}`)).toMatchObject({ status: 200, text: '' })
  expect((await bob.next('subscription')).data).toEqual({ action: 'remove', id: subscription })
  for (const client of [ann, bob]) expect((await client.next('stream')).data).toEqual({ id, status: 'remove' })
  expect((await owt('GET', path)).body).toEqual([])
  expect(await owt('DELETE', `${path}/${id}`)).toMatchObject(error(404, 1004, 'Stream not found'))
  expect(await ann.request('unpublish', { id })).toMatchObject({ error: 'Stream does NOT exist' })
})

test.each(['nothing', '..%2F..', '%00', '__proto__', 'x'.repeat(2000)])(
  'a missing stream %s is not found',
  async (id) => {
    const { path } = await scene()
    const body = [status('audio', 'active')]
    const notFound = error(404, 1004, 'Stream not found')
    expect(await call('GET', `${path}/${id}`)).toMatchObject(notFound)
    expect(await call('PATCH', `${path}/${id}`, { body })).toMatchObject(notFound)
    expect(await call('DELETE', `${path}/${id}`)).toMatchObject(notFound)
    const noRoom = error(404, 1003, 'Room not found')
    expect(await call('PATCH', `/v1/rooms/${id}/streams/x`, { body })).toMatchObject(noRoom)
    expect(await call('DELETE', `/v1/rooms/${id}/streams/x`)).toMatchObject(noRoom)
  },
)
