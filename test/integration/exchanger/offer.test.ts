import { expect, test } from 'vitest'
import { ok, refusal } from '../../support/client.ts'
import { inChannel, receivedBefore } from '../../support/dialects.ts'
import { newRoom, startNode } from '../../support/node.ts'

const node = await startNode()

async function three() {
  const channel = newRoom()
  const [ann, bob, cleo] = [
    await inChannel(node, channel),
    await inChannel(node, channel),
    await inChannel(node, channel),
  ]
  await receivedBefore(ann, 'exchanger', channel)
  await receivedBefore(bob, 'exchanger', channel)
  return { channel, ann, bob, cleo }
}

test.each([
  ['offer', 'sessionDescriptor', 'receiveOffer'],
  ['answer', 'sessionDescriptor', 'receiveAnswer'],
  ['candidate', 'candidate', 'receiveCandidate'],
])('%s reaches every other participant, or only its receiver', async (event, field, received) => {
  const { channel, ann, bob, cleo } = await three()
  for (const to of [undefined, null]) {
    const toAll = { channelName: channel, [field]: { sdp: 'é' }, ...(to === undefined ? {} : { to }) }
    expect(await ann.request(event, toAll)).toEqual(ok())
    for (const client of [bob, cleo]) {
      expect(await client.next()).toMatchObject({ event: received, data: { sdp: 'é' }, meta: { from: ann.id } })
    }
  }
  await ann.request(event, { channelName: channel, [field]: null, to: cleo.id })
  expect(await cleo.next()).toMatchObject({ event: received, data: null, meta: { from: ann.id } })
  for (const client of [ann, bob, cleo]) expect(await receivedBefore(client, 'exchanger', channel)).toEqual([])
})

test('an offer to another channel or to an absent receiver is refused', async () => {
  const { channel, ann, bob } = await three()
  const request = { channelName: newRoom(), sessionDescriptor: 1 }
  expect(await ann.request('offer', request)).toEqual(refusal('You are not in this channel.', 'not_in_room'))
  const toAbsent = { channelName: channel, sessionDescriptor: 1, to: 'absent' }
  expect(await ann.request('offer', toAbsent)).toEqual(refusal('The receiver is not present.', 'no_such_participant'))
  expect(await receivedBefore(bob, 'exchanger', channel)).toEqual([])
})

test('an offer that is repeated with its rid is sent once', async () => {
  const { channel, ann, bob } = await three()
  const request = { channelName: channel, sessionDescriptor: 1 }
  for (let time = 0; time < 2; time += 1) expect(await ann.request('offer', request, { rid: 1 })).toEqual(ok())
  expect(await receivedBefore(bob, 'exchanger', channel)).toHaveLength(1)
})
