import { expect, test } from 'vitest'
import { Throttle } from '../../src/core/auth/attempt-throttle.ts'
import { type Client, connect, enter, loginInfo, refusal } from '../support/client.ts'
import { newRoom, startNode, type TestNode } from '../support/node.ts'

/** Unexpected failures in a node: the client gets an answer, and the node still serves its other clients. */

/** Fails when the refusal of a credential is delayed, which no handler expects to throw. */
class BrokenThrottle extends Throttle {
  override delayRefusal(): Promise<boolean> {
    return Promise.reject(new Error('broken throttle'))
  }
}

const startBroken = () => startNode({ parts: { throttle: new BrokenThrottle() } })
const unknown = refusal('Unknown', 'internal')
const unexpectedFailure = refusal('The server failed unexpectedly.', 'internal')

/** Checks that the node closed the connection at the level of Engine.IO, after which client libraries reconnect. */
async function expectCut(client: Client): Promise<void> {
  expect(['transport close', 'transport error']).toContain(await client.closed)
}

async function expectServing(node: TestNode, bystander: Client): Promise<void> {
  expect(await bystander.barrier()).toEqual([])
  await enter(node.url, { room: newRoom() })
  expect(node.logs.text).toContain('broken throttle')
}

test.each([
  ['a login on /', '/', 'login', loginInfo({ room: '', token: 'guess' }), unknown],
  ['a relogin on /', '/', 'relogin', 'guess', unknown],
  ['a relogin on /exchanger', '/exchanger', 'relogin', 'guess', unexpectedFailure],
  ['a relogin on /rooms', '/rooms', 'relogin', 'guess', unexpectedFailure],
])(
  '%s that fails unexpectedly is acked as internal, and its connection is cut',
  async (_what, namespace, event, data, answer) => {
    const node = await startBroken()
    const bystander = await enter(node.url, { room: newRoom() })
    const client = await connect(node.url, { namespace })
    expect(await client.request(event, data)).toEqual(answer)
    await expectCut(client)
    await expectServing(node, bystander)
  },
)

test('a CONNECT whose admission fails unexpectedly is refused as internal', async () => {
  const node = await startBroken()
  const bystander = await enter(node.url, { room: newRoom() })
  const connecting = connect(node.url, { namespace: '/rooms', auth: { token: 'guess' } })
  await expect(connecting).rejects.toMatchObject({ data: { code: 'internal' } })
  await expectServing(node, bystander)
})

test('an entry that the node cannot render cuts only the clients to which it is addressed, live or in a replay', async () => {
  const node = await startNode()
  const room = newRoom()
  const [ann, ben] = [await enter(node.url, { room }), await enter(node.url, { room })]
  await ann.next('participant')
  await node.app.store.log.appendFromServer(`portal/${encodeURIComponent(room)}`, {
    event: 'text',
    data: null,
    to: ann.id,
  })
  await expectCut(ann)
  expect(await ben.barrier()).toEqual([])
  const again = await connect(node.url)
  expect(await again.request('relogin', { ticket: ann.ticket, seq: ann.seq })).toMatchObject({ status: 'ok' })
  await expectCut(again)
  expect(await ben.barrier()).toEqual([])
})

test('an entry that the node cannot render cuts its sender after the ack of the request', async () => {
  const node = await startNode()
  const room = newRoom()
  const ann = await enter(node.url, { room })
  const { log } = node.app.store
  const append = log.append.bind(log)
  log.append = (write, draft) => append(write, { ...draft, data: null, to: ann.id })
  expect(await ann.request('text', { to: 'all', message: 'hello' })).toMatchObject({ status: 'ok' })
  await expectCut(ann)
  log.append = append
  await enter(node.url, { room })
})
