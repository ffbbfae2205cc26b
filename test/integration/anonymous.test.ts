import { expect, test } from 'vitest'
import { type ConfigError, readConfig } from '../../src/config/index.ts'
import { newId } from '../../src/core/ids.ts'
import { connect } from '../support/client.ts'
import { ackOf, enterRoom, joinStream } from '../support/dialects.ts'
import { newRoom, startNode, tokenFor } from '../support/node.ts'

const node = await startNode({ env: { ANONYMOUS_DIALECTS: 'none' } })
const openNode = await startNode({ env: { ANONYMOUS_DIALECTS: 'rooms' } })

const at = (namespace: string, token?: unknown) => ({ namespace, ...(token === undefined ? {} : { auth: { token } }) })
/** The options of a client that has no ticket, so that the node checks its token at once. */
const withoutTicket = (namespace: string, token?: unknown) => ({ namespace, auth: { token, login: true } })
const expiredToken = (room: string) => tokenFor({ room }, { notAfter: Date.now() - 1 })

test.each(['/exchanger', '/rooms'])(
  'on %s a client that has no ticket and no valid token cannot connect, and receives the reason',
  async (namespace) => {
    const foreign = tokenFor({ room: 'r' }, { secret: 'k'.repeat(32) })
    for (const [token, code] of [
      [undefined, 'bad_token'],
      [7, 'bad_token'],
      ['x', 'bad_token'],
      [{}, 'bad_token'],
      [foreign, 'token_signature'],
    ]) {
      const error = (await connect(node.url, withoutTicket(namespace, token)).catch((reason) => reason)) as Error
      expect(error).toMatchObject({ message: expect.stringMatching(/\.$/), data: { code } })
    }
  },
)

test.each(['/exchanger', '/rooms'])(
  'on %s a client with a missing or malformed token cannot connect',
  async (namespace) => {
    for (const token of [undefined, '', 7, 'x', {}, 'x.y.z']) {
      await expect(connect(node.url, at(namespace, token))).rejects.toMatchObject({ data: { code: 'bad_token' } })
    }
  },
)

test('a token is valid for one login to its room, as its user', async () => {
  const room = newRoom()
  const token = tokenFor({ room, user: 'Ann' })
  const ann = await connect(node.url, at('/rooms', token))
  expect(await ann.request('enter_room', newRoom())).toMatchObject({ code: 'unauthorized' })
  expect((await enterRoom(ann, room)).members).toMatchObject([{ nickname: 'Ann' }])
  expect(await ann.request('enter_room', newRoom())).toMatchObject({ code: 'unauthorized' })
  // the confirmation that the ack has arrived takes some round trips
  for (let trips = 0; trips < 3; trips += 1) await ann.request('rooms')
  const thief = await connect(node.url, at('/rooms', token))
  expect(await thief.request('enter_room', room)).toMatchObject({ code: 'token_used' })
  await ann.request('new_message', 'after the refusal', room)
})

test('a client with an expired token cannot log in, but can resume with its ticket', async () => {
  const channel = newRoom()
  const ann = await connect(node.url, at('/exchanger', tokenFor({ room: channel })))
  await joinStream(ann, channel)
  const client = await connect(node.url, at('/exchanger', expiredToken(channel)))
  expect(await client.request('joinStream', { channelName: channel })).toMatchObject({ code: 'token_expired' })
  expect(await client.request('relogin', ann.ticket)).toMatchObject({ status: 'ok' })
})

test('a P2P token determines the id of the user, who rejoins with the same token or a new one', async () => {
  const uid = newId()
  const token = tokenFor({ room: 'any', user: uid })
  const refused = await connect(node.url, at('/p2p'))
  expect(await ackOf(refused, 'authentication', { token: uid })).toEqual([
    { error: 2121, message: expect.any(String), code: 'bad_token' },
  ])
  expect(await refused.closed).toBe('io server disconnect')
  for (const given of [token, token, tokenFor({ room: 'any', user: uid })]) {
    const ann = await connect(node.url, at('/p2p'))
    expect(await ackOf(ann, 'authentication', { token: given })).toEqual([{ uid }])
  }
  const spent = await connect(node.url, at('/p2p'))
  expect(await ackOf(spent, 'authentication', { token })).toMatchObject([{ code: 'token_used' }])
})

test('the dialects in ANONYMOUS_DIALECTS need no token, and accept one', async () => {
  const room = newRoom()
  const ann = await connect(openNode.url, at('/rooms'))
  await enterRoom(ann, room)
  const bob = await connect(openNode.url, at('/rooms', tokenFor({ room, user: 'Bob' })))
  expect((await enterRoom(bob, room)).members).toContainEqual({ id: bob.id, nickname: 'Bob' })
  await expect(connect(openNode.url, at('/exchanger'))).rejects.toMatchObject({ data: { code: 'bad_token' } })
})

test('ANONYMOUS_DIALECTS is by default all dialects in development, and none in production', () => {
  const secret = { SIGNALBOX_SECRET: 'k'.repeat(32) }
  const read = (environment: { [name: string]: string }) => readConfig(environment).anonymousDialects
  expect(read({})).toEqual(['exchanger', 'rooms', 'p2p'])
  expect(read({ ...secret, NODE_ENV: 'production' })).toEqual([])
  expect(read({ ...secret, NODE_ENV: 'production', ANONYMOUS_DIALECTS: ' p2p , rooms' })).toEqual(['p2p', 'rooms'])
  expect(read({ ANONYMOUS_DIALECTS: 'none' })).toEqual([])
  const mistakes = () => {
    try {
      read({ ANONYMOUS_DIALECTS: 'rooms,portal' })
      return []
    } catch (error) {
      return (error as ConfigError).mistakes
    }
  }
  expect(mistakes()).toEqual(["ANONYMOUS_DIALECTS: 'portal' is not one of exchanger, rooms, p2p"])
})
