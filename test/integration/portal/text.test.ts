import { expect, test } from 'vitest'
import { enter, ok, refusal } from '../../support/client.ts'
import { startNode } from '../../support/node.ts'
import { enterPair } from '../../support/pair.ts'

const node = await startNode()

test('a text to all is delivered to every participant, the sender included', async () => {
  const { ann, bob } = await enterPair(node.url)
  expect(await ann.request('text', { to: 'all', message: 'hi' })).toEqual(ok())
  const expected = {
    event: 'text',
    data: { from: ann.id, to: 'all', message: 'hi' },
    meta: { seq: 3, from: ann.id },
  }
  expect(await bob.next()).toEqual(expected)
  expect(await ann.next()).toEqual(expected)
})

test('a text to one participant is delivered only to that participant', async () => {
  const { ann, bob, room } = await enterPair(node.url)
  const cem = await enter(node.url, { room })
  expect(await ann.request('text', { to: bob.id, message: 'hush' })).toEqual(ok())
  const [joined, text] = await bob.barrier()
  expect(joined?.event).toBe('participant')
  expect(text).toEqual({
    event: 'text',
    data: { from: ann.id, to: 'me', message: 'hush' },
    meta: { seq: 4, from: ann.id },
  })
  expect(await cem.barrier()).toEqual([])
  expect((await ann.barrier()).map(({ event }) => event)).toEqual(['participant'])
})

test('a text to its sender is delivered only to the sender', async () => {
  const { ann, bob } = await enterPair(node.url)
  await ann.ask('text', { to: ann.id, message: 'note' })
  expect((await ann.next()).data).toEqual({ from: ann.id, to: 'me', message: 'note' })
  expect(await bob.barrier()).toEqual([])
})

test('a text to admin is acked and discarded', async () => {
  const { ann, bob } = await enterPair(node.url)
  expect(await ann.request('text', { to: 'admin', message: 'help' })).toEqual(ok())
  expect(await ann.barrier()).toEqual([])
  expect(await bob.barrier()).toEqual([])
})

test('the seq rises without gaps, in the order of the acks, for a participant that receives everything', async () => {
  const { ann, bob } = await enterPair(node.url)
  for (let number = 0; number < 20; number += 1) await ann.ask('text', { to: 'all', message: `${number}` })
  const came = await bob.barrier()
  expect(came.map(({ data }) => Object(data).message)).toEqual(Array.from({ length: 20 }, (_, index) => `${index}`))
  expect(came.map(({ meta }) => meta?.seq)).toEqual(Array.from({ length: 20 }, (_, index) => index + 3))
})

test.each(['', 'x'.repeat(2048), '💬 ünï\u0000'])(
  'a text of up to 2048 characters arrives unchanged',
  async (message) => {
    const { ann, bob } = await enterPair(node.url)
    expect(await ann.request('text', { to: 'all', message })).toEqual(ok())
    const { data } = await bob.next()
    expect(Object(data).message).toBe(message)
  },
)

test('half of a surrogate pair in a text arrives as the replacement character', async () => {
  const { ann, bob } = await enterPair(node.url)
  expect(await ann.request('text', { to: 'all', message: 'a\ud83d\ude00b\ud83d' })).toEqual(ok())
  expect(Object((await bob.next()).data).message).toBe('a😀b\ufffd')
})

const invalidReceiver = refusal('Invalid receiver', 'invalid_receiver')
const badText = refusal('Text should be a string of at most 2048 characters', 'text_too_long')
const noObject = refusal('request should be object "object"', 'bad_request')

test.each([
  ['no receiver', { message: 'x' }, invalidReceiver],
  ['an empty receiver', { to: '', message: 'x' }, invalidReceiver],
  ['a number as receiver', { to: 5, message: 'x' }, invalidReceiver],
  ['an object as receiver', { to: { id: 'x' }, message: 'x' }, invalidReceiver],
  ['an invalid receiver and an invalid message', { to: null, message: null }, invalidReceiver],
  ['no message', { to: 'all' }, badText],
  ['null as message', { to: 'all', message: null }, badText],
  ['a number as message', { to: 'all', message: 1 }, badText],
  ['an object as message', { to: 'all', message: { text: 'x' } }, badText],
  ['a message that is too long', { to: 'all', message: 'x'.repeat(2049) }, badText],
  ['null as data', null, noObject],
  ['a string as data', 'hello', noObject],
  ['a list as data', ['all', 'hello'], noObject],
  [
    'an unknown receiver',
    { to: 'nobody', message: 'x' },
    refusal('Target participant does NOT exist: nobody', 'no_such_participant'),
  ],
])('a text with %s is refused, and no participant receives it', async (_name, data, expected) => {
  const { ann, bob } = await enterPair(node.url)
  expect(await ann.request('text', data)).toEqual(expected)
  expect(await ann.barrier()).toEqual([])
  expect(await bob.barrier()).toEqual([])
})

test('a text to a participant of another room is refused', async () => {
  const [one, two] = [await enterPair(node.url), await enterPair(node.url)]
  const answer = await one.ann.request('text', { to: two.bob.id, message: 'x' })
  expect(answer.error).toBe(`Target participant does NOT exist: ${two.bob.id}`)
  expect(await two.bob.barrier()).toEqual([])
})

test('a text to a participant that has left is refused', async () => {
  const { ann, bob } = await enterPair(node.url)
  await bob.ask('logout')
  expect((await ann.request('text', { to: bob.id, message: 'x' })).code).toBe('no_such_participant')
})

test('legacy clients receive a text as custom_message', async () => {
  const { ann, room } = await enterPair(node.url)
  const old = await enter(node.url, { room, protocol: 'legacy' })
  await ann.ask('text', { to: 'all', message: 'to all' })
  await ann.ask('text', { to: old.id, message: 'to you' })
  expect(await old.next()).toEqual({
    event: 'custom_message',
    data: { from: ann.id, to: 'all', data: 'to all' },
    meta: { seq: 4, from: ann.id },
  })
  expect((await old.next()).data).toEqual({ from: ann.id, to: 'me', data: 'to you' })
})
