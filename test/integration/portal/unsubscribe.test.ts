import { expect, test } from 'vitest'
import { ok, refusal } from '../../support/client.ts'
import { publishBoth, subscribeBoth } from '../../support/media.ts'
import { startNode } from '../../support/node.ts'
import { enterPair, malformedIds } from '../../support/pair.ts'

const node = await startNode()

async function pairWithSubscription() {
  const { ann, bob } = await enterPair(node.url)
  const stream = await publishBoth(ann)
  const id = await subscribeBoth(bob, stream)
  await ann.barrier()
  await bob.barrier()
  return { ann, bob, stream, id }
}

test('unsubscribe notifies only the owner of the stream', async () => {
  const { ann, bob, id } = await pairWithSubscription()
  expect(await bob.request('unsubscribe', { id })).toEqual(ok())
  const [expected, ...more] = await ann.barrier()
  expect(expected).toMatchObject({ event: 'subscription', data: { action: 'remove', id }, meta: { from: bob.id } })
  expect(more).toEqual([])
  expect(await bob.barrier()).toEqual([])
  expect(await bob.request('unsubscribe', { id })).toEqual(unknown)
})

const invalid = refusal('Invalid subscription id', 'invalid_subscription_id')
const unknown = refusal('Subscription does NOT exist', 'no_such_subscription')

test.each<[string, unknown, object]>([
  ...malformedIds.map(([name, data]): [string, unknown, object] => [name, data, invalid]),
  ['an unknown id', { id: 'none' }, unknown],
])('unsubscribe with %s is refused, and no client is notified', async (_name, data, expected) => {
  const { ann, bob } = await pairWithSubscription()
  expect(await bob.request('unsubscribe', data)).toEqual(expected)
  expect(await ann.barrier()).toEqual([])
})

test('unsubscribe by another participant than the subscriber is refused as unauthorized', async () => {
  const { ann, bob, id } = await pairWithSubscription()
  expect(await ann.request('unsubscribe', { id })).toEqual(refusal('unauthorized', 'unauthorized'))
  expect(await bob.barrier()).toEqual([])
  expect(await bob.request('unsubscribe', { id })).toEqual(ok())
})

test('unsubscribe of a subscription of another room is refused as of an unknown subscription', async () => {
  const [one, two] = [await pairWithSubscription(), await pairWithSubscription()]
  expect(await one.bob.request('unsubscribe', { id: two.id })).toEqual(unknown)
  expect(await two.ann.barrier()).toEqual([])
})
