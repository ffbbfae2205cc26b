import { expect, test } from 'vitest'
import { Throttle } from '../../src/core/auth/attempt-throttle.ts'
import { type Client, connect, enter, loginInfo, refusal } from '../support/client.ts'
import { newRoom, startNode, type TestNode } from '../support/node.ts'

/** Failures that no part of the node foresees: the client gets an answer, the node and its other clients go on. */

/** Fails where a refusal of a credential is held back, outside of what a handler may throw. */
class BrokenThrottle extends Throttle {
  override hold(): Promise<boolean> {
    return Promise.reject(new Error('broken throttle'))
  }
}

const startBroken = () => startNode({ parts: { throttle: new BrokenThrottle() } })
const unknown = refusal('Unknown', 'internal')
const wentWrong = refusal('The server failed unexpectedly.', 'internal')

/** The client's connection was closed at engine level, so that its library reconnects. */
async function isCut(client: Client): Promise<void> {
  expect(['transport close', 'transport error']).toContain(await client.closed)
}

async function goesOn(node: TestNode, bystander: Client): Promise<void> {
  expect(await bystander.barrier()).toEqual([])
  await enter(node.url, { room: newRoom() })
  expect(node.logs.text).toContain('broken throttle')
}

test.each([
  ['a login on /', '/', 'login', loginInfo({ room: '', token: 'guess' }), unknown],
  ['a relogin on /', '/', 'relogin', 'guess', unknown],
  ['a relogin on /exchanger', '/exchanger', 'relogin', 'guess', wentWrong],
  ['a relogin on /rooms', '/rooms', 'relogin', 'guess', wentWrong],
])(
  '%s that fails in an unforeseen way is acked as internal, and its connection is cut',
  async (_what, namespace, event, data, answer) => {
    const node = await startBroken()
    const bystander = await enter(node.url, { room: newRoom() })
    const client = await connect(node.url, { namespace })
    expect(await client.request(event, data)).toEqual(answer)
    await isCut(client)
    await goesOn(node, bystander)
  },
)

test('a CONNECT whose admission fails in an unforeseen way is refused as internal', async () => {
  const node = await startBroken()
  const bystander = await enter(node.url, { room: newRoom() })
  const connecting = connect(node.url, { namespace: '/rooms', auth: { token: 'guess' } })
  await expect(connecting).rejects.toMatchObject({ data: { code: 'internal' } })
  await goesOn(node, bystander)
})

test('an entry that the node cannot render cuts the clients that it is for, and no other, live or read from the log', async () => {
  const node = await startNode()
  const room = newRoom()
  const [ann, ben] = [await enter(node.url, { room }), await enter(node.url, { room })]
  await ann.next('participant')
  await node.app.state.log.announce(`portal/${encodeURIComponent(room)}`, { event: 'text', data: null, to: ann.id })
  await isCut(ann)
  expect(await ben.barrier()).toEqual([])
  const again = await connect(node.url)
  expect(await again.request('relogin', { ticket: ann.ticket, seq: ann.seq })).toMatchObject({ status: 'ok' })
  await isCut(again)
  expect(await ben.barrier()).toEqual([])
})

test('an entry that the node cannot render after the ack of the request that caused it cuts that client', async () => {
  const node = await startNode()
  const room = newRoom()
  const ann = await enter(node.url, { room })
  const { log } = node.app.state
  const append = log.append.bind(log)
  log.append = (write, draft) => append(write, { ...draft, data: null, to: ann.id })
  expect(await ann.request('text', { to: 'all', message: 'hello' })).toMatchObject({ status: 'ok' })
  await isCut(ann)
  log.append = append
  await enter(node.url, { room })
})
