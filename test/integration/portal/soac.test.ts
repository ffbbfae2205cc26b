import { describe, expect, test } from 'vitest'
import { enter, ok, refusal } from '../../support/client.ts'
import { publishBoth, subscribeBoth } from '../../support/media.ts'
import { newRoom, startNode } from '../../support/node.ts'

const node = await startNode()

/** Bob subscribes to Ann’s stream; Cem is in the same room. */
async function trio() {
  const room = newRoom()
  const ann = await enter(node.url, { room })
  const stream = await publishBoth(ann)
  const bob = await enter(node.url, { room })
  const cem = await enter(node.url, { room })
  const id = await subscribeBoth(bob, stream)
  for (const client of [ann, bob, cem]) await client.barrier()
  return { ann, bob, cem, id, stream }
}

const signals = [
  { type: 'offer', sdp: 'v=0' },
  { type: 'answer', sdp: 'v=0' },
  { type: 'candidate', candidate: { candidate: 'a=candidate:1', sdpMid: '0', sdpMLineIndex: 0 } },
  { type: 'removed-candidates', candidates: [{ candidate: 'a' }] },
] as const

describe.each(signals)('$type', (signaling) => {
  test('from the subscriber reaches only the owner', async () => {
    const { ann, bob, cem, id } = await trio()
    expect(await bob.request('soac', { id, signaling })).toEqual(ok())
    const [expected, ...more] = await ann.barrier()
    expect(expected).toMatchObject({ event: 'soac', data: { id, from: bob.id, signaling }, meta: { from: bob.id } })
    expect([more, await bob.barrier(), await cem.barrier()]).toEqual([[], [], []])
  })

  test('from the owner reaches only the subscriber, as progress', async () => {
    const { ann, bob, cem, id } = await trio()
    expect(await ann.request('soac', { id, to: bob.id, signaling })).toEqual(ok())
    const [expected, ...more] = await bob.barrier()
    expect(expected).toMatchObject({
      event: 'progress',
      data: { id, status: 'soac', data: signaling },
      meta: { from: ann.id },
    })
    expect([more, await ann.barrier(), await cem.barrier()]).toEqual([[], [], []])
  })
})

const offer = { type: 'offer', sdp: 'v=0' }

test('the owner may omit the receiver: a subscription has one subscriber', async () => {
  const { ann, bob, id } = await trio()
  expect(await ann.request('soac', { id, signaling: offer })).toEqual(ok())
  expect((await bob.next()).data).toEqual({ id, status: 'soac', data: offer })
})

test('native SDKs send null before the ack', async () => {
  const { ann, bob, id } = await trio()
  expect(await bob.request('soac', { id, signaling: offer }, null)).toEqual(ok())
  expect((await ann.next()).event).toBe('soac')
})

test('messages in both directions arrive in order', async () => {
  const { ann, bob, id } = await trio()
  const candidates = Array.from({ length: 20 }, (_, index) => ({
    type: 'candidate',
    candidate: { candidate: `${index}` },
  }))
  await Promise.all(candidates.map((signaling) => bob.request('soac', { id, signaling })))
  expect((await ann.barrier()).map(({ data }) => Object(data).signaling)).toEqual(candidates)
})

test('in a subscription to its own stream a participant receives the owner’s side as soac and the subscriber’s as progress', async () => {
  const { ann, stream } = await trio()
  const id = await subscribeBoth(ann, stream)
  await ann.barrier()
  await ann.request('soac', { id, signaling: offer })
  await ann.request('soac', { id, to: ann.id, signaling: offer })
  expect((await ann.barrier()).map(({ event }) => event)).toEqual(['soac', 'progress'])
})

describe('a soac message is refused, and no participant receives it,', () => {
  const invalidId = refusal('Invalid soac id', 'invalid_soac_id')
  const invalidSignaling = refusal('Invalid signaling object', 'invalid_signaling')
  const invalidType = refusal('Invalid signaling type', 'invalid_signaling_type')

  test.each([
    ['no id', { signaling: offer }, invalidId],
    ['null as id', { id: null, signaling: offer }, invalidId],
    ['a number as id', { id: 1, signaling: offer }, invalidId],
    ['no signaling', { id: 'x' }, invalidSignaling],
    ['null as signaling', { id: 'x', signaling: null }, invalidSignaling],
    ['a text as signaling', { id: 'x', signaling: 'offer' }, invalidSignaling],
    ['no type', { id: 'x', signaling: {} }, invalidType],
    ['a type that is not known', { id: 'x', signaling: { type: 'ping' } }, invalidType],
    ['a type that objects inherit', { id: 'x', signaling: { type: 'toString' } }, invalidType],
    ['a number as receiver', { id: 'x', to: 1, signaling: offer }, refusal('Invalid receiver', 'invalid_receiver')],
    ['null as data', null, refusal('request should be object "object"', 'bad_request')],
    [
      'the id of a transport that does not exist',
      { id: 'none', signaling: offer },
      refusal('Transport none does NOT exist', 'no_such_transport'),
    ],
  ])('with %s', async (_name, data, expected) => {
    const { ann, bob } = await trio()
    expect(await bob.request('soac', data)).toEqual(expected)
    expect(await ann.barrier()).toEqual([])
  })

  test('from a participant on neither side of the subscription', async () => {
    const { ann, bob, cem, id } = await trio()
    for (const data of [
      { id, signaling: offer },
      { id, to: bob.id, signaling: offer },
    ]) {
      expect(await cem.request('soac', data)).toEqual(refusal('unauthorized', 'unauthorized'))
    }
    expect([await ann.barrier(), await bob.barrier()]).toEqual([[], []])
  })

  test('from the owner to another participant than the subscriber', async () => {
    const { ann, bob, cem, id } = await trio()
    const answer = await ann.request('soac', { id, to: cem.id, signaling: offer })
    expect(answer).toEqual(refusal(`Target participant does NOT exist: ${cem.id}`, 'no_such_participant'))
    expect([await bob.barrier(), await cem.barrier()]).toEqual([[], []])
  })

  test('for the id of a stream, because a mesh has no transport of its own', async () => {
    const { ann, stream } = await trio()
    expect((await ann.request('soac', { id: stream, signaling: offer })).code).toBe('no_such_transport')
  })

  test('after its subscription has ended', async () => {
    const { ann, bob, id } = await trio()
    await bob.ask('unsubscribe', { id })
    expect((await bob.request('soac', { id, signaling: offer })).error).toBe(`Transport ${id} does NOT exist`)
    expect((await ann.request('soac', { id, to: bob.id, signaling: offer })).code).toBe('no_such_transport')
  })
})
