import { describe, expect, test } from 'vitest'
import { type Client, connect, enter, loginInfo } from '../../support/client.ts'
import { newRoom, startNode } from '../../support/node.ts'

/** A login or relogin that fails gets an error ack, then the node disconnects (docs/protocol.md#how-a-connection-ends). */

const node = await startNode()

const large = 'x'.repeat(70_000)
const deep = (depth: number): unknown => (depth === 0 ? 'x' : [deep(depth - 1)])
const logins = [
  ['login', '/'],
  ['relogin', '/'],
  ['relogin', '/rooms'],
  ['relogin', '/exchanger'],
  ['relogin', '/p2p'],
] as const

describe.each(logins)('%s on %s', (event, namespace) => {
  test.each([
    ['too large', [large], 'too_large'],
    ['too large in a field', [{ token: large, ticket: large, seq: 1 }], 'too_large'],
    ['nested too deeply', [deep(40)], 'bad_request'],
    ['numbered with a rid that is not a number', ['x', { rid: 'x' }], 'bad_request'],
  ] as [string, unknown[], string][])(
    'that is %s gets an error ack, then the node disconnects',
    async (_name, args, code) => {
      const client = await connect(node.url, { namespace })
      expect(await client.request(event, ...args)).toMatchObject({ status: 'error', code })
      expect(await client.closed).toBe('io server disconnect')
    },
  )
})

test('an authentication that is too large gets OWT’s error, then the node disconnects', async () => {
  const client = await connect(node.url, { namespace: '/p2p' })
  const ack = await new Promise((resolve) => client.socket.emit('authentication', { token: large }, resolve))
  expect(ack).toMatchObject({ error: 2121, code: 'too_large' })
  expect(await client.closed).toBe('io server disconnect')
})

test('a login that is too large on a connection with a session gets an error, and the connection stays', async () => {
  const ann = await enter(node.url, { room: newRoom() })
  for (const event of ['login', 'relogin']) {
    expect(await ann.request(event, large)).toMatchObject({ status: 'error', code: 'too_large' })
  }
  expect(await ann.barrier()).toEqual([])
})

test('a login that is too large counts as a failed login, and the requests that waited for it are refused', async () => {
  const client: Client = await connect(node.url)
  const waiting = client.request('text', { to: 'all', message: 'x' })
  const login = client.request('login', { ...loginInfo({ room: newRoom() }), padding: large })
  expect(await login).toMatchObject({ code: 'too_large' })
  expect(await waiting).toMatchObject({ code: 'illegal_request' })
  const text = await (await fetch(`${node.opsUrl}/metrics`)).text()
  expect(text).toMatch(/signalbox_logins_total{dialect="portal",result="too_large"} [3-9]/)
})
