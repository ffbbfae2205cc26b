import { setTimeout as pause } from 'node:timers/promises'
import type { WebSocket } from 'ws'
import { type Attacker, spaced } from './attacker.ts'
import { member } from './connection.ts'

type Size = {
  members: number
  /** Messages of each member per second. */
  rate: number
  seconds: number
}
export type FloodAcks = { sent: number; accepted: number; refused: number }

const stepMs = 20

/** Members that send messages at many times their rate. Resolves to the number of acks, by status. */
export const flood = ({ members, rate, seconds }: Size): Attacker<FloodAcks> => ({
  name: `a flood at ${rate / 50} × the rate, ${spaced(members * rate * seconds)} messages by ${members} clients`,
  refusals: ['too_many_requests'],
  start: async (target) => {
    const acks: FloodAcks = { sent: 0, accepted: 0, refused: 0 }
    const names = Array.from({ length: members }, (_, n) => `flood ${n}`)
    const sockets = await Promise.all(names.map((room) => member(target, room, 'flooder')))
    await Promise.all(sockets.map((socket) => sendAll(socket, rate, seconds, acks)))
    for (const socket of sockets) socket.terminate()
    return acks
  },
})

async function sendAll(socket: WebSocket, rate: number, seconds: number, acks: FloodAcks): Promise<void> {
  const all = rate * seconds
  const perStep = (rate * stepMs) / 1000
  const done = countAcks(socket, all, acks)
  for (let sent = 0; sent < all; sent += perStep) {
    for (let n = 0; n < perStep; n += 1) {
      socket.send(`42${sent + n + 1}["text",{"to":"admin","message":"x"}]`)
      acks.sent += 1
    }
    await pause(stepMs)
  }
  await done
}

function countAcks(socket: WebSocket, all: number, acks: FloodAcks): Promise<void> {
  let answers = 0
  return new Promise((resolve, reject) => {
    socket.once('close', () => reject(new Error('The node disconnected the flooder')))
    socket.on('message', (data) => {
      const [ack, ok] = /^43\d+\["(ok)?/.exec(String(data)) ?? []
      if (ack === undefined) return
      acks[ok ? 'accepted' : 'refused'] += 1
      answers += 1
      if (answers === all) resolve()
    })
  })
}
