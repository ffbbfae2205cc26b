import { expect, test } from 'vitest'
import { exchanger } from '../../../src/protocol/exchanger.ts'
import { connect, ok } from '../../support/client.ts'
import { inChannel, receivedBefore } from '../../support/dialects.ts'
import { newRoom, startNode } from '../../support/node.ts'
import { badArguments } from '../bad-arguments.ts'

const node = await startNode()
const events = Object.keys(exchanger).filter((event) => event !== 'relogin')

test.each(events)('%s with invalid arguments gets exactly one ack, and the connection stays', async (event) => {
  const channel = newRoom()
  const witness = await inChannel(node, channel)
  const client = await inChannel(node, channel, 'ann')
  await witness.next('userJoinedStream')
  if (event !== 'leaveStream' && event !== 'logout' && event !== 'refreshReconnectionTicket') {
    for (const args of badArguments()) {
      let acks = 0
      const answer = await new Promise<unknown[]>((resolve) => {
        client.socket.emit(event, ...args, (...ack: unknown[]) => {
          acks += 1
          resolve(ack)
        })
      })
      if (answer[0] === 'ok') throw new Error(`${event} ${JSON.stringify(args).slice(0, 100)} was accepted`)
      expect(answer).toEqual(['error', expect.stringMatching(/\S/), { code: expect.stringMatching(/^[a-z_]+$/) }])
      expect(acks).toBe(1)
      client.socket.emit(event, ...args) // and without an ack
    }
  } else for (const args of badArguments()) client.socket.emit('leaveStream', ...args)
  expect(await client.request('offer', { channelName: channel, sessionDescriptor: 1 })).toEqual(ok())
  const received = (await receivedBefore(witness, 'exchanger', channel)) as { event: string }[]
  expect(received.map(({ event }) => event)).toEqual(['receiveOffer'])
})

test('requests with any arguments before a login end neither the process nor the connection', async () => {
  const client = await connect(node.url, { namespace: '/exchanger' })
  for (const event of [...events, 'nonsense']) {
    for (const args of badArguments()) client.socket.emit(event, ...args)
  }
  expect(await client.request('nonsense')).toMatchObject({ code: 'unknown_event' })
  expect(client.socket.connected).toBe(true)
  expect(node.logs.lines.filter(({ level }) => level >= 50)).toEqual([])
})
