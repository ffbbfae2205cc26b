import { expect, test } from 'vitest'
import { enter, refusal } from '../../support/client.ts'
import { startNode } from '../../support/node.ts'
import { enterPair } from '../../support/pair.ts'

const node = await startNode()
const success = { status: 'success' }

test('to all: everyone receives it, in the format of each protocol', async () => {
  const { bob, ann: old } = await enterPair(node.url, { ann: { protocol: 'legacy' } })
  expect(await old.request('customMessage', { type: 'data', receiver: 'all', data: 'hi' })).toEqual(success)
  const meta = { seq: 3, from: old.id }
  expect(await bob.next()).toEqual({ event: 'text', data: { from: old.id, to: 'all', message: 'hi' }, meta })
  expect(await old.next()).toEqual({ event: 'custom_message', data: { from: old.id, to: 'all', data: 'hi' }, meta })
})

test('to one participant: only that participant receives it', async () => {
  const { bob, ann: old, room } = await enterPair(node.url, { ann: { protocol: 'legacy' } })
  const other = await enter(node.url, { room, protocol: 'legacy' })
  expect(await old.request('customMessage', { type: 'data', receiver: other.id, data: 'hush' })).toEqual(success)
  expect((await other.next()).data).toEqual({ from: old.id, to: 'me', data: 'hush' })
  expect((await bob.barrier()).map(({ event }) => event)).toEqual(['participant'])
})

test.each([
  ['no type', { receiver: 'all', data: 'x' }, refusal('Invalid message type', 'invalid_message_type')],
  ['another type', { type: 'x', receiver: 'all', data: 'x' }, refusal('Invalid message type', 'invalid_message_type')],
  ['no receiver', { type: 'data', data: 'x' }, refusal('Invalid receiver', 'invalid_receiver')],
  ['receiver empty', { type: 'data', receiver: '', data: 'x' }, refusal('Invalid receiver', 'invalid_receiver')],
  ['receiver a number', { type: 'data', receiver: 1, data: 'x' }, refusal('Invalid receiver', 'invalid_receiver')],
  ['null', null, refusal('request should be object "object"', 'bad_request')],
  [
    'nobody of that name',
    { type: 'data', receiver: 'nobody', data: 'x' },
    refusal('Target participant does NOT exist: nobody', 'no_such_participant'),
  ],
])('%s: refused, and no participant receives it', async (_name, data, expected) => {
  const { bob, ann: old } = await enterPair(node.url, { ann: { protocol: 'legacy' } })
  expect(await old.request('customMessage', data)).toEqual(expected)
  expect(await bob.barrier()).toEqual([])
  expect(await old.barrier()).toEqual([])
})

test('a text that protocol 1.x refuses is refused here too', async () => {
  const { bob, ann: old } = await enterPair(node.url, { ann: { protocol: 'legacy' } })
  for (const data of ['x'.repeat(2049), 5, null, { text: 'x' }]) {
    const answer = await old.request('customMessage', { type: 'data', receiver: 'all', data })
    expect(answer).toEqual(refusal('Text should be a string of at most 2048 characters', 'text_too_long'))
  }
  expect(await bob.barrier()).toEqual([])
})

test('legacy clients can use neither media nor `text`', async () => {
  const { ann: old } = await enterPair(node.url, { ann: { protocol: 'legacy' } })
  for (const event of ['text', 'publish', 'subscribe', 'soac', 'unpublish', 'stream-control']) {
    expect(await old.request(event, {})).toEqual(refusal('Unknown event', 'unknown_event'))
  }
})

test('clients of protocol 1.x cannot use it', async () => {
  const { bob } = await enterPair(node.url, { ann: { protocol: 'legacy' } })
  const answer = await bob.request('customMessage', { type: 'data', receiver: 'all', data: 'x' })
  expect(answer).toEqual(refusal('Unknown event', 'unknown_event'))
})
