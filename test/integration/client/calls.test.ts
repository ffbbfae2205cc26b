import { expect, onTestFinished, test } from 'vitest'
import { type Connector, Exchanger, type Link, Mesh, Rooms } from '../../../src/client/index.ts'
import type { MediaTrack } from '../../../src/client/mesh/rtc.ts'
import { connectSocket } from '../../../src/client/socket-link.ts'
import { newRoom, startCluster, tokenFor } from '../../support/node.ts'
import { FakePeerConnection } from '../../unit/client/fake-peer-connection.ts'

function cuttable() {
  const links: Link[] = []
  const connect: Connector = async (target, signal) => {
    const link = await connectSocket(target, signal)
    links.push(link)
    return link
  }
  return { parts: { connect, random: () => 0 }, links, cut: () => links.at(-1)?.close() }
}

/** A mesh that records which tracks it received from which participant. */
function callOn({ channel }: Rooms | Exchanger, camera: string) {
  const [tracks, errors] = [[] as string[], [] as unknown[]]
  const mesh = new Mesh(channel, { createPeerConnection: (configuration) => new FakePeerConnection(configuration) })
  mesh.on('track', (from, { id }) => tracks.push(`${id} of ${from}`))
  mesh.on('error', (_id, error) => errors.push(error))
  mesh.addTrack({ id: camera, kind: 'video' } as MediaTrack)
  mesh.start()
  onTestFinished(() => mesh.stop())
  return { mesh, tracks, errors }
}

const env = { ANONYMOUS_DIALECTS: 'exchanger,rooms,p2p' }

test('Rooms clients on two nodes chat, send direct messages and call, also after one lost its connection', async () => {
  const [first, second] = await startCluster(2, { env })
  if (!first || !second) throw new Error('No cluster')
  const [room, connection] = [newRoom(), cuttable()]
  const ann = new Rooms({ url: [first.url, second.url], ...connection, backOff: { baseMs: 10, capMs: 50 } })
  const bob = new Rooms({ url: second.url })
  onTestFinished(() => {
    for (const rooms of [ann, bob]) rooms.close()
  })
  const seen = new Promise((resolve) => bob.on('room_change', (names) => names.includes(room) && resolve(names)))
  bob.open()
  await Promise.all([ann.nickname(' ann '), bob.nickname('bob')])
  const entered = await ann.enter(room)
  expect(entered).toMatchObject({ id: ann.id, room, members: [{ id: ann.id, nickname: 'ann' }] })
  await seen
  expect(await bob.list()).toEqual([{ name: room, size: 1 }])
  const welcomed = new Promise((resolve) => ann.on('welcome', (nickname, { from }) => resolve([nickname, from])))
  await bob.enter(room)
  expect(await welcomed).toEqual(['bob', bob.id])
  expect(Object.fromEntries(bob.members)).toEqual({ [ann.id]: 'ann', [bob.id]: 'bob' })

  const calls = [callOn(ann, 'camera of ann'), callOn(bob, 'camera of bob')]
  const tracks = () => calls.map((call) => call.tracks)
  await expect.poll(tracks).toEqual([[`camera of bob of ${bob.id}`], [`camera of ann of ${ann.id}`]])

  const messages: string[] = []
  ann.on('new_message', (text, { nickname }) => messages.push(`${nickname}: ${text}`))
  ann.on('direct_message', (text, { from }) => messages.push(`${from === bob.id} ${text}`))
  const back = new Promise((resolve) => ann.on('reconnected', resolve))
  const sent = ann.say('of ann')
  const from = ann.connection
  connection.cut()
  calls[0]?.mesh.addTrack({ id: 'screen of ann', kind: 'video' } as MediaTrack)
  await bob.say('of bob')
  await bob.whisper(ann.id, 'psst')
  await sent
  expect(await back).toMatchObject({ from, to: ann.connection })
  expect(from?.id).toMatch(/./)
  await expect.poll(() => messages).toEqual(['bob: of bob', 'true psst'])
  await expect.poll(() => calls[1]?.tracks.at(-1)).toBe(`screen of ann of ${ann.id}`)
  expect(new Set(connection.links.map(({ url }) => url)).size).toBe(2)

  const gone = new Promise((resolve) => ann.on('bye', (nickname) => resolve(nickname)))
  await bob.leave()
  expect(await gone).toBe('bob')
  expect(calls.map(({ mesh, errors }) => [mesh.connections.size, errors])).toEqual([
    [0, []],
    [0, []],
  ])
  expect(bob.state).toBe('initialized')
})

test('three Exchanger clients on two nodes stay connected to each other when one loses its connection', async () => {
  const nodes = await startCluster(2, { env })
  const urls = nodes.map(({ url }) => url)
  const [channel, connection] = [newRoom(), cuttable()]
  const quick = { backOff: { baseMs: 10, capMs: 50 } }
  const people = [
    new Exchanger({ url: urls, ...connection, ...quick }),
    new Exchanger({ url: urls }),
    new Exchanger({ url: urls }),
  ]
  onTestFinished(() => {
    for (const person of people) person.close()
  })
  const calls: ReturnType<typeof callOn>[] = []
  for (const [index, person] of people.entries()) {
    const { users } = await person.join(channel, { name: `user ${index}` })
    expect(users.map(({ user }) => user)).toHaveLength(index)
    if (index === 2) connection.cut()
    calls.push(callOn(person, `${index}`))
  }
  const tracksBut = (own: number) => people.flatMap(({ id }, index) => (index === own ? [] : [`${index} of ${id}`]))
  await expect
    .poll(() => calls.map(({ tracks }) => tracks.toSorted()), { timeout: 5000 })
    .toEqual([0, 1, 2].map((index) => tracksBut(index).toSorted()))
  const left = new Promise((resolve) => people[0]?.on('userLeftStream', (user) => resolve(user)))
  await people[2]?.leave()
  expect(await left).toEqual({ name: 'user 2' })
  expect([...(calls[0]?.mesh.connections.keys() ?? [])]).toEqual([people[1]?.id])
  expect(calls.flatMap(({ errors }) => errors)).toEqual([])
})

test('the token function is called at the login, and not at the relogin', async () => {
  const [node] = await startCluster(1, { env: { ANONYMOUS_DIALECTS: 'p2p' } })
  const [room, connection] = [newRoom(), cuttable()]
  let tokenCalls = 0
  const token = async () => {
    tokenCalls += 1
    return tokenFor({ room, user: 'ann' })
  }
  const refused = new Rooms({ url: node?.url ?? '' })
  await expect(refused.enter(room)).rejects.toMatchObject({ code: 'bad_token' })
  const rooms = new Rooms({ url: node?.url ?? '', token, ...connection, backOff: { baseMs: 10, capMs: 50 } })
  onTestFinished(() => rooms.close())
  await rooms.enter(room)
  const back = new Promise((resolve) => rooms.on('reconnected', resolve))
  connection.cut()
  await back
  expect([tokenCalls, rooms.state]).toEqual([1, 'connected'])
})
