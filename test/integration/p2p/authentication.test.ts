import { expect, test } from 'vitest'
import { newId } from '../../../src/core/ids.ts'
import { connect, refusal } from '../../support/client.ts'
import { ackOf, peer } from '../../support/dialects.ts'
import { startCluster } from '../../support/node.ts'

const [a, b] = await startCluster(2, { redis: true })
if (!a || !b) throw new Error('No nodes')
const p2p = { namespace: '/p2p' }

test('an authentication takes its token as the id of the user, and server-authenticated arrives before the ack', async () => {
  const ann = await connect(a.url, p2p)
  const order: unknown[] = []
  ann.socket.on('server-authenticated', (data) => order.push(data))
  const uid = `Zoë 🎧 ${newId()}`
  const [answer] = await ackOf(ann, 'authentication', { token: uid })
  order.push('ack')
  expect(answer).toEqual({ uid })
  expect(order).toEqual([{ uid }, 'ack'])
})

test.each([[undefined], [null], [{}], [{ token: null }], [{ token: '' }]])(
  'an authentication without an id (%j) gets an id from the node',
  async (data) => {
    const ann = await connect(a.url, p2p)
    const args = data === undefined ? [] : [data]
    expect(await ackOf(ann, 'authentication', ...args)).toEqual([
      { uid: expect.stringMatching(/^[0-9a-f]{32}@anonymous$/) },
    ])
  },
)

test.each([[5], ['x'], [[]], [{ token: 7 }], [{ token: '\ud800' }], [{ token: {} }]])(
  'an authentication with %j is refused with a number, then the node disconnects',
  async (data) => {
    const ann = await connect(a.url, p2p)
    const [answer] = await ackOf(ann, 'authentication', data)
    expect(answer).toMatchObject({ error: 2121, code: 'bad_request' })
    expect(await ann.closed).toBe('io server disconnect')
  },
)

test('an authentication without an ack function is accepted too', async () => {
  const ann = await connect(a.url, p2p)
  ann.socket.emit('authentication', { token: newId() })
  expect(await ann.next('server-authenticated')).toMatchObject({ event: 'server-authenticated' })
})

test.each([
  ['the same node', a, a],
  ['another node', a, b],
])(
  'when a user authenticates again on %s, the old socket receives server-disconnect and is closed',
  async (_, first, second) => {
    const uid = newId()
    const [old, other] = [await peer(first, uid), await peer(first, newId())]
    const current = await peer(second, uid)
    expect((await old.next('server-disconnect')).data).toBeUndefined()
    expect(await old.closed).toBe('io server disconnect')
    const sent = { to: uid, data: 'for the new socket' }
    expect(await ackOf(other, 'owt-message', sent)).toEqual([])
    expect((await current.next('owt-message')).data).toMatchObject({ data: 'for the new socket' })
  },
)

test('a second authentication on a socket is refused, and the first stays valid', async () => {
  const [uid, other] = [newId(), newId()]
  const [ann, bob] = [await peer(a, uid), await peer(a, other)]
  expect(await ackOf(ann, 'authentication', { token: newId() })).toEqual([
    { error: 2121, message: expect.any(String), code: 'in_service' },
  ])
  expect(await ackOf(bob, 'owt-message', { to: uid, data: 'x' })).toEqual([])
  expect((await ann.next('owt-message')).data).toEqual({ from: other, data: 'x' })
})

test('a user of /p2p refreshes its ticket, resumes and logs out as in every dialect', async () => {
  const [uid, other] = [newId(), newId()]
  const [ann, bob] = [await peer(a, uid), await peer(b, other)]
  const { data: ticket } = await ann.request('refreshReconnectionTicket')
  ann.cut()
  await ackOf(bob, 'owt-message', { to: uid, data: 'meanwhile' })
  const back = await connect(b.url, p2p)
  expect(await back.request('relogin', ticket)).toEqual({ status: 'ok', data: expect.any(String) })
  expect((await back.next('owt-message')).data).toEqual({ from: other, data: 'meanwhile' })
  expect(await back.request('logout')).toMatchObject({ status: 'ok' })
  expect(await ackOf(bob, 'owt-message', { to: uid, data: 'x' })).toEqual([2201])
  const resuming = await connect(a.url, p2p)
  expect(await resuming.request('relogin', ticket)).toEqual(
    refusal('The participant has left, or its reconnect window is over.', 'participant_gone'),
  )
})
