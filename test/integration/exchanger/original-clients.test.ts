import { io } from 'socket.io-client'
import { expect, onTestFinished, test } from 'vitest'
import { newRoom, startCluster } from '../../support/node.ts'

const nodes = await startCluster(2, { redis: true, env: { RECONNECT_WINDOW: 1 } })

/** A client of the original exchanger: no acks, no `to`, no meta (docs/dialects.md#exchanger). */
function originalClient(node: number) {
  const socket = io(`${nodes[node]?.url}/exchanger`, { forceNew: true })
  onTestFinished(() => void socket.disconnect())
  const received: unknown[][] = []
  const waiting = new Set<() => void>()
  const listen = (event: string) =>
    socket.on(event, (argument: unknown) => {
      received.push([event, argument])
      for (const check of waiting) check()
    })
  const events = [
    'userJoinedStream',
    'allStreamUsers',
    'receiveOffer',
    'receiveAnswer',
    'receiveCandidate',
    'userLeftStream',
  ]
  for (const event of events) listen(event)
  const next = (event: string) =>
    new Promise<unknown>((resolve) => {
      const check = () => {
        const index = received.findIndex(([name]) => name === event)
        if (index === -1) return
        waiting.delete(check)
        resolve(received.splice(index, 1)[0]?.[1])
      }
      waiting.add(check)
      check()
    })
  return { socket, received, next }
}

test('clients of the original exchanger connect unchanged to each other: two on two nodes, then a third', async () => {
  const channelName = newRoom()
  const [ann, bob, cleo] = [originalClient(0), originalClient(1), originalClient(0)]
  const user = { id: 7, name: 'Ann', tags: [], more: {} }
  ann.socket.emit('joinStream', { channelName, user })
  expect(await ann.next('allStreamUsers')).toEqual([])

  bob.socket.emit('joinStream', { channelName, user: { id: 8, name: 'Bob' } })
  expect(await bob.next('allStreamUsers')).toEqual([expect.stringMatching(/^[0-9a-zA-Z-]+$/)])
  expect(await ann.next('userJoinedStream')).toEqual({ id: 8, name: 'Bob' })

  bob.socket.emit('offer', { channelName, sessionDescriptor: { type: 'offer', sdp: 'v=0' } })
  expect(await ann.next('receiveOffer')).toEqual({ type: 'offer', sdp: 'v=0' })
  ann.socket.emit('answer', { channelName, sessionDescriptor: { type: 'answer', sdp: 'v=0' } })
  expect(await bob.next('receiveAnswer')).toEqual({ type: 'answer', sdp: 'v=0' })
  ann.socket.emit('candidate', { channelName, candidate: { candidate: 'a', sdpMid: '0' } })
  ann.socket.emit('candidate', { channelName, candidate: null })
  expect(await bob.next('receiveCandidate')).toEqual({ candidate: 'a', sdpMid: '0' })
  expect(await bob.next('receiveCandidate')).toBeNull()

  cleo.socket.emit('joinStream', { channelName, user: 'cleo' })
  expect(await cleo.next('allStreamUsers')).toHaveLength(2)
  expect(await Promise.all([ann.next('userJoinedStream'), bob.next('userJoinedStream')])).toEqual(['cleo', 'cleo'])
  cleo.socket.emit('offer', { channelName, sessionDescriptor: 'to all' })
  expect(await Promise.all([ann.next('receiveOffer'), bob.next('receiveOffer')])).toEqual(['to all', 'to all'])

  cleo.socket.emit('leaveStream', { channelName, user: 'cleo' })
  expect(await Promise.all([ann.next('userLeftStream'), bob.next('userLeftStream')])).toEqual(['cleo', 'cleo'])
  ann.socket.disconnect()
  expect(await bob.next('userLeftStream')).toEqual(user) // at the end of its window
  expect([...bob.received, ...cleo.received]).toEqual([])
})
