import { expect, test } from 'vitest'
import { enter, ok, refusal } from '../../support/client.ts'
import { newRoom, startNode } from '../../support/node.ts'
import { publishBoth, subscribeBoth } from '../media.ts'

const node = await startNode()

async function couple() {
  const room = newRoom()
  const bob = await enter(node.url, { room })
  const ann = await enter(node.url, { room })
  const id = await publishBoth(ann)
  await bob.barrier()
  return { ann, bob, id }
}

test('all are told that the stream is gone, its owner too', async () => {
  const { ann, bob, id } = await couple()
  expect(await ann.request('unpublish', { id })).toEqual(ok())
  const removed = { event: 'stream', data: { id, status: 'remove' }, meta: { seq: 6, from: ann.id } }
  expect(await ann.next()).toEqual(removed)
  expect(await bob.next()).toEqual(removed)
  expect(await ann.request('unpublish', { id })).toEqual(refusal('Stream does NOT exist', 'no_such_stream'))
})

test('its subscribers are told that their subscription ended', async () => {
  const { ann, bob, id } = await couple()
  const subscription = await subscribeBoth(bob, id)
  await ann.ask('unpublish', { id })
  expect((await bob.barrier()).map(({ event, data }) => [event, data])).toEqual([
    ['subscription', { action: 'remove', id: subscription }],
    ['stream', { id, status: 'remove' }],
  ])
  expect((await bob.request('unsubscribe', { id: subscription })).code).toBe('no_such_subscription')
})

const invalid = refusal('Invalid stream id', 'invalid_stream_id')
const unknown = refusal('Stream does NOT exist', 'no_such_stream')

test.each([
  ['no id', {}, invalid],
  ['id empty', { id: '' }, invalid],
  ['id null', { id: null }, invalid],
  ['id a number', { id: 5 }, invalid],
  ['id an object', { id: {} }, invalid],
  ['id with an underscore', { id: 'a_b' }, invalid],
  ['id with a line break', { id: 'a\n' }, invalid],
  ['null', null, invalid],
  ['nothing', undefined, invalid],
  ['a stream that is not there', { id: 'none' }, unknown],
  ['a name that objects inherit', { id: 'constructor' }, unknown],
])('%s: refused, and nobody is told', async (_name, data, expected) => {
  const { ann, bob } = await couple()
  expect(await ann.request('unpublish', data)).toEqual(expected)
  expect(await bob.barrier()).toEqual([])
})

test('only its owner may: unauthorized', async () => {
  const { ann, bob, id } = await couple()
  expect(await bob.request('unpublish', { id })).toEqual(refusal('unauthorized', 'unauthorized'))
  expect(await ann.barrier()).toEqual([])
  expect(await ann.request('unpublish', { id })).toEqual(ok())
})

test('a stream of another room is not there', async () => {
  const [one, two] = [await couple(), await couple()]
  expect(await one.ann.request('unpublish', { id: two.id })).toEqual(unknown)
  expect(await two.bob.barrier()).toEqual([])
})
