import { io } from 'socket.io-client'
import { expect, onTestFinished, test } from 'vitest'
import { newRoom, startCluster } from '../../support/node.ts'

const nodes = await startCluster(2, { redis: true, env: { RECONNECT_WINDOW: 1 } })

/** A page of the original chat (docs/dialects.md#rooms). */
function originalClient(node: number) {
  const socket = io(`${nodes[node]?.url}/rooms`, { forceNew: true })
  onTestFinished(() => void socket.disconnect())
  const received: unknown[][] = []
  const waiting = new Set<() => void>()
  for (const event of ['welcome', 'bye', 'new_message', 'offer', 'answer', 'ice', 'room_change', 'announcement']) {
    socket.on(event, (argument: unknown) => {
      received.push([event, argument])
      for (const check of [...waiting]) check()
    })
  }
  const next = (event: string, isIt: (argument: unknown) => boolean = () => true) =>
    new Promise<unknown>((resolve) => {
      const check = () => {
        const index = received.findIndex(([name, argument]) => name === event && isIt(argument))
        if (index === -1) return
        waiting.delete(check)
        resolve(received.splice(index, 1)[0]?.[1])
      }
      waiting.add(check)
      check()
    })
  const request = (event: string, ...args: unknown[]) =>
    new Promise<void>((resolve) => socket.emit(event, ...args, () => resolve()))
  return { socket, next, request }
}

test('clients of the original chat enter, call and chat unchanged, on two nodes', async () => {
  const room = newRoom()
  const lists = (names: unknown) => Array.isArray(names) && names.includes(room)
  const [ann, bob, lobby] = [originalClient(0), originalClient(1), originalClient(1)]
  await lobby.request('rooms')
  ann.socket.emit('nickname', 'Ann')
  await ann.request('enter_room', { payload: room })
  await lobby.next('room_change', lists)

  bob.socket.emit('nickname', 'Bob')
  await bob.request('enter_room', room)
  expect(await ann.next('welcome')).toBe('Bob')

  // the present member invites the new one
  ann.socket.emit('offer', { type: 'offer', sdp: 'v=0' }, room)
  expect(await bob.next('offer')).toEqual({ type: 'offer', sdp: 'v=0' })
  bob.socket.emit('answer', { type: 'answer', sdp: 'v=0' }, room)
  expect(await ann.next('answer')).toEqual({ type: 'answer', sdp: 'v=0' })
  ann.socket.emit('ice', { candidate: 'a' }, room)
  ann.socket.emit('ice', null, room)
  expect(await bob.next('ice')).toEqual({ candidate: 'a' })
  expect(await bob.next('ice')).toBeNull()

  await bob.request('new_message', 'hello', room)
  expect(await ann.next('new_message')).toBe('hello')

  nodes[0]?.app.announce('soon closing')
  for (const client of [ann, bob, lobby]) expect(await client.next('announcement')).toBe('soon closing')

  bob.socket.disconnect()
  expect(await ann.next('bye')).toBe('Bob') // at the end of its window
  ann.socket.emit('leave_room')
  await lobby.next('room_change', (names) => Array.isArray(names) && !names.includes(room))
})
