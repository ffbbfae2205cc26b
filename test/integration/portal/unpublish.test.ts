import { expect, test } from 'vitest'
import { ok, refusal } from '../../support/client.ts'
import { publishBoth, subscribeBoth } from '../../support/media.ts'
import { startNode } from '../../support/node.ts'
import { enterPair, malformedIds } from '../../support/pair.ts'

const node = await startNode()

async function pairWithStream() {
  const { ann, bob } = await enterPair(node.url)
  const id = await publishBoth(ann)
  await bob.barrier()
  return { ann, bob, id }
}

test('unpublish notifies every participant, the owner included, that the stream was removed', async () => {
  const { ann, bob, id } = await pairWithStream()
  expect(await ann.request('unpublish', { id })).toEqual(ok())
  const removed = { event: 'stream', data: { id, status: 'remove' }, meta: { seq: 6, from: ann.id } }
  expect(await ann.next()).toEqual(removed)
  expect(await bob.next()).toEqual(removed)
  expect(await ann.request('unpublish', { id })).toEqual(refusal('Stream does NOT exist', 'no_such_stream'))
})

test('unpublish notifies the subscribers that their subscriptions ended', async () => {
  const { ann, bob, id } = await pairWithStream()
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

test.each<[string, unknown, object]>([
  ...malformedIds.map(([name, data]): [string, unknown, object] => [name, data, invalid]),
  ['an unknown id', { id: 'none' }, unknown],
  ['the name of an inherited property', { id: 'constructor' }, unknown],
])('unpublish with %s is refused, and no client is notified', async (_name, data, expected) => {
  const { ann, bob } = await pairWithStream()
  expect(await ann.request('unpublish', data)).toEqual(expected)
  expect(await bob.barrier()).toEqual([])
})

test('unpublish by another participant than the owner is refused as unauthorized', async () => {
  const { ann, bob, id } = await pairWithStream()
  expect(await bob.request('unpublish', { id })).toEqual(refusal('unauthorized', 'unauthorized'))
  expect(await ann.barrier()).toEqual([])
  expect(await ann.request('unpublish', { id })).toEqual(ok())
})

test('unpublish of a stream of another room is refused as of an unknown stream', async () => {
  const [one, two] = [await pairWithStream(), await pairWithStream()]
  expect(await one.ann.request('unpublish', { id: two.id })).toEqual(unknown)
  expect(await two.bob.barrier()).toEqual([])
})
