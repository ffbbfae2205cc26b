import { expect, test } from 'vitest'
import { type ConfigError, readConfig } from '../../src/config/index.ts'
import { newId } from '../../src/core/ids.ts'
import { connect } from '../support/client.ts'
import { ackOf, enterRoom, joinStream } from '../support/dialects.ts'
import { newRoom, startNode, tokenFor } from '../support/node.ts'

const node = await startNode({ env: { ANONYMOUS_DIALECTS: 'none' } })
const open = await startNode({ env: { ANONYMOUS_DIALECTS: 'rooms' } })

const at = (namespace: string, token?: unknown) => ({ namespace, ...(token === undefined ? {} : { auth: { token } }) })
/** Says that it has no ticket. */
const toLogIn = (namespace: string, token?: unknown) => ({ namespace, auth: { token, login: true } })
const outdated = (room: string) => tokenFor({ room }, { notAfter: Date.now() - 1 })

test.each(['/exchanger', '/rooms'])(
  '%s: a client that comes to log in without a good token cannot connect, and is told why',
  async (namespace) => {
    const foreign = tokenFor({ room: 'r' }, { secret: 'k'.repeat(32) })
    for (const [token, code] of [
      [undefined, 'bad_token'],
      [7, 'bad_token'],
      ['x', 'bad_token'],
      [{}, 'bad_token'],
      [foreign, 'token_signature'],
    ]) {
      const error = (await connect(node.url, toLogIn(namespace, token)).catch((reason) => reason)) as Error
      expect(error).toMatchObject({ message: expect.stringMatching(/\.$/), data: { code } })
    }
  },
)

test.each(['/exchanger', '/rooms'])(
  '%s: a client without a token, or with something that is no token, cannot connect',
  async (namespace) => {
    for (const token of [undefined, '', 7, 'x', {}, 'x.y.z']) {
      await expect(connect(node.url, at(namespace, token))).rejects.toMatchObject({ data: { code: 'bad_token' } })
    }
  },
)

test('a token lets one into its room, once, as its user', async () => {
  const room = newRoom()
  const token = tokenFor({ room, user: 'Ann' })
  const ann = await connect(node.url, at('/rooms', token))
  expect(await ann.request('enter_room', newRoom())).toMatchObject({ code: 'unauthorized' })
  expect((await enterRoom(ann, room)).members).toMatchObject([{ nickname: 'Ann' }])
  expect(await ann.request('enter_room', newRoom())).toMatchObject({ code: 'unauthorized' })
  // the proof that the ack arrived travels between two messages
  for (let trips = 0; trips < 3; trips += 1) await ann.request('rooms')
  const thief = await connect(node.url, at('/rooms', token))
  expect(await thief.request('enter_room', room)).toMatchObject({ code: 'token_used' })
  await ann.request('new_message', 'unharmed', room)
})

test('a token that is out of date lets nobody in, but does not keep anyone from coming back', async () => {
  const channel = newRoom()
  const ann = await connect(node.url, at('/exchanger', tokenFor({ room: channel })))
  await joinStream(ann, channel)
  const late = await connect(node.url, at('/exchanger', outdated(channel)))
  expect(await late.request('joinStream', { channelName: channel })).toMatchObject({ code: 'token_expired' })
  expect(await late.request('relogin', ann.ticket)).toMatchObject({ status: 'ok' })
})

test('the user of a P2P token is who it names; it comes back with the same token, or a new one', async () => {
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

test('the dialects that are named need no token, and take one', async () => {
  const room = newRoom()
  const ann = await connect(open.url, at('/rooms'))
  await enterRoom(ann, room)
  const bob = await connect(open.url, at('/rooms', tokenFor({ room, user: 'Bob' })))
  expect((await enterRoom(bob, room)).members).toContainEqual({ id: bob.id, nickname: 'Bob' })
  await expect(connect(open.url, at('/exchanger'))).rejects.toMatchObject({ data: { code: 'bad_token' } })
})

test('the option: all in development, none in production, or those that are named', () => {
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
