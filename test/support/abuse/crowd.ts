import type { WebSocket } from 'ws'
import { type Attacker, spaced } from './attacker.ts'
import { many, open } from './connection.ts'

export type Admissions = { accepted: number; refused: { [status: number]: number } }

/** Connections from one address, all kept open. Resolves to how many the node accepted, and to the statuses of the others. */
export const crowd = ({ count, perIp }: { count: number; perIp: number }): Attacker<Admissions> => ({
  name: `${spaced(count)} connections of one address, \`CONNECTIONS_PER_IP=${perIp}\``,
  env: { CONNECTIONS_PER_IP: String(perIp) },
  refusals: ['connections_per_ip'],
  start: async (target) => {
    const accepted: WebSocket[] = []
    const refused: { [status: number]: number } = {}
    await many(count, 100, async () => {
      const socket = await open(target)
      if (typeof socket === 'number') refused[socket] = (refused[socket] ?? 0) + 1
      else accepted.push(socket)
    })
    for (const socket of accepted) socket.terminate()
    return { accepted: accepted.length, refused }
  },
})
