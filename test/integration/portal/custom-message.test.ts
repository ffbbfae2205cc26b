import { expect, test } from 'vitest'
import { enter, refusal } from '../../support/client.ts'
import { startNode } from '../../support/node.ts'
import { enterPair } from '../../support/pair.ts'

const node = await startNode()
const success = { status: 'success' }

test('a customMessage to all is delivered to every participant in the format of its protocol', async () => {
  const { bob, ann: old } = await enterPair(node.url, { ann: { protocol: 'legacy' } })
  expect(await old.request('customMessage', { type: 'data', receiver: 'all', data: 'hi' })).toEqual(success)
  const meta = { seq: 3, from: old.id }
  expect(await bob.next()).toEqual({ event: 'text', data: { from: old.id, to: 'all', message: 'hi' }, meta })
  expect(await old.next()).toEqual({ event: 'custom_message', data: { from: old.id, to: 'all', data: 'hi' }, meta })
})

test('a customMessage to one participant is delivered only to that participant', async () => {
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
  ['an empty receiver', { type: 'data', receiver: '', data: 'x' }, refusal('Invalid receiver', 'invalid_receiver')],
  ['a number as receiver', { type: 'data', receiver: 1, data: 'x' }, refusal('Invalid receiver', 'invalid_receiver')],
  ['null as data', null, refusal('request should be object "object"', 'bad_request')],
  [
    'an unknown receiver',
    { type: 'data', receiver: 'nobody', data: 'x' },
    refusal('Target participant does NOT exist: nobody', 'no_such_participant'),
  ],
])('a customMessage with %s is refused, and no participant receives it', async (_name, data, expected) => {
  const { bob, ann: old } = await enterPair(node.url, { ann: { protocol: 'legacy' } })
  expect(await old.request('customMessage', data)).toEqual(expected)
  expect(await bob.barrier()).toEqual([])
  expect(await old.barrier()).toEqual([])
})

test('a customMessage with a text that protocol 1.x refuses is refused too', async () => {
  const { bob, ann: old } = await enterPair(node.url, { ann: { protocol: 'legacy' } })
  for (const data of ['x'.repeat(2049), 5, null, { text: 'x' }]) {
    const answer = await old.request('customMessage', { type: 'data', receiver: 'all', data })
    expect(answer).toEqual(refusal('Text should be a string of at most 2048 characters', 'text_too_long'))
  }
  expect(await bob.barrier()).toEqual([])
})

test('legacy clients can send neither media requests nor `text`', async () => {
  const { ann: old } = await enterPair(node.url, { ann: { protocol: 'legacy' } })
  for (const event of ['text', 'publish', 'subscribe', 'soac', 'unpublish', 'stream-control']) {
    expect(await old.request(event, {})).toEqual(refusal('Unknown event', 'unknown_event'))
  }
})

test('clients of protocol 1.x cannot send customMessage', async () => {
  const { bob } = await enterPair(node.url, { ann: { protocol: 'legacy' } })
  const answer = await bob.request('customMessage', { type: 'data', receiver: 'all', data: 'x' })
  expect(answer).toEqual(refusal('Unknown event', 'unknown_event'))
})
