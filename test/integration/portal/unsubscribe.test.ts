import { expect, test } from 'vitest'
import { enter, ok, refusal } from '../../support/client.ts'
import { newRoom, startNode } from '../../support/node.ts'
import { publishBoth, subscribeBoth } from '../media.ts'

const node = await startNode()

async function couple() {
  const room = newRoom()
  const bob = await enter(node.url, { room })
  const ann = await enter(node.url, { room })
  const stream = await publishBoth(ann)
  const id = await subscribeBoth(bob, stream)
  await ann.barrier()
  await bob.barrier()
  return { ann, bob, stream, id }
}

test('the owner of the stream is told, and nobody else', async () => {
  const { ann, bob, id } = await couple()
  expect(await bob.request('unsubscribe', { id })).toEqual(ok())
  const [told, ...more] = await ann.barrier()
  expect(told).toMatchObject({ event: 'subscription', data: { action: 'remove', id }, meta: { from: bob.id } })
  expect(more).toEqual([])
  expect(await bob.barrier()).toEqual([])
  expect(await bob.request('unsubscribe', { id })).toEqual(unknown)
})

const invalid = refusal('Invalid subscription id', 'invalid_subscription_id')
const unknown = refusal('Subscription does NOT exist', 'no_such_subscription')

test.each([
  ['no id', {}, invalid],
  ['id empty', { id: '' }, invalid],
  ['id null', { id: null }, invalid],
  ['id a number', { id: 5 }, invalid],
  ['id an object', { id: {} }, invalid],
  ['id with an underscore', { id: 'a_b' }, invalid],
  ['null', null, invalid],
  ['nothing', undefined, invalid],
  ['one that is not there', { id: 'none' }, unknown],
])('%s: refused, and nobody is told', async (_name, data, expected) => {
  const { ann, bob } = await couple()
  expect(await bob.request('unsubscribe', data)).toEqual(expected)
  expect(await ann.barrier()).toEqual([])
})

test('only the subscriber may: unauthorized', async () => {
  const { ann, bob, id } = await couple()
  expect(await ann.request('unsubscribe', { id })).toEqual(refusal('unauthorized', 'unauthorized'))
  expect(await bob.barrier()).toEqual([])
  expect(await bob.request('unsubscribe', { id })).toEqual(ok())
})

test('a subscription of another room is not there', async () => {
  const [one, two] = [await couple(), await couple()]
  expect(await one.bob.request('unsubscribe', { id: two.id })).toEqual(unknown)
  expect(await two.ann.barrier()).toEqual([])
})
