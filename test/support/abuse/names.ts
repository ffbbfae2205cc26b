import { setTimeout as pause } from 'node:timers/promises'
import type { WebSocket } from 'ws'
import { type Attacker, spaced } from './attacker.ts'
import { answer, connected, keepAlive } from './connection.ts'

type Size = {
  clients: number
  /** How many names each client sends per second. */
  names: number
  seconds: number
  length: number
}

/** Long names that end in a character which no name may have. */
export const longNames = ({ clients, names, seconds, length }: Size): Attacker => ({
  name: `${spaced(clients * names * seconds)} names of ${spaced(length)} characters that end in a control character, by ${clients} clients`,
  refusals: ['bad_name'],
  start: async (target) => {
    const sockets = await Promise.all(Array.from({ length: clients }, () => connected(target, '/exchanger,')))
    for (const socket of sockets) keepAlive(socket)
    const channelName = `${'a'.repeat(length)}\u0001`
    for (let second = 0; second < seconds; second += 1) {
      await Promise.all(sockets.map((socket) => sendAll(socket, names, channelName)))
      await pause(1000)
    }
    for (const socket of sockets) socket.terminate()
  },
})

async function sendAll(socket: WebSocket, names: number, channelName: string): Promise<void> {
  const last = answer(socket, `43/exchanger,${names}[`)
  for (let id = 1; id <= names; id += 1) {
    socket.send(`42/exchanger,${id}${JSON.stringify(['joinStream', { channelName }])}`)
  }
  await last
}
