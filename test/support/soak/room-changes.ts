import { setTimeout as pause } from 'node:timers/promises'
import { io, type Socket } from 'socket.io-client'
import { afterEvery } from '../cleanup.ts'
import { newRoom } from '../node.ts'
import type { Disturbance } from './disturbance.ts'

const rooms = Array.from({ length: 3 }, newRoom)
const names = ['ann', 'b\ud83d', '😀'.repeat(40), '\udc00c']

const open = new Set<Socket>()
afterEvery('test', () => {
  for (const socket of open) socket.disconnect()
  open.clear()
})

/** A client enters one room after the other without waiting for acks, and loses its connection while it enters one. */
export const roomChanges: Disturbance = {
  name: 'quick changes of room',
  run: async ({ nodes, random }) => {
    const socket = io(`${random.pick(nodes).url}/rooms`, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
    })
    open.add(socket)
    socket.emit('nickname', random.pick(names))
    for (let change = 0; change < 5; change += 1) socket.emit('enter_room', random.pick(rooms))
    await pause(random.next() * 200)
    if (random.chance(0.2)) socket.emit('logout')
    if (random.chance(0.5)) socket.io.engine.close()
    else socket.disconnect()
    open.delete(socket)
  },
}
