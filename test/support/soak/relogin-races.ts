import { setTimeout as pause } from 'node:timers/promises'
import { io, type Socket } from 'socket.io-client'
import { loginInfo } from '../client.ts'
import { newRoom } from '../node.ts'
import type { Address } from '../resilient-client.ts'
import type { Disturbance, Stage } from './disturbance.ts'

type Ack = { status: string; data?: unknown; code: string }

const answerMs = 8000
const backMs = 40_000

/** A participant relogs in on every node at the same time, and then once more: its place is not lost by that. */
export const reloginRaces: Disturbance = {
  name: 'relogin race',
  happen: async (stage) => {
    const { nodes, random, mistakes } = stage
    const first = await ask(random.pick(nodes), 'login', loginInfo({ room: newRoom(), user: 'racer \ud800' }))
    if (first.ack.status !== 'ok') return first.close()
    const { reconnectionTicket, id } = first.ack.data as { reconnectionTicket: string; id: string }
    const racers = await Promise.all(nodes.map((node) => ask(node, 'relogin', reconnectionTicket)))
    const won = racers.flatMap(({ ack }) => (ack.status === 'ok' ? [String(ack.data)] : []))
    const back = await rejoin(stage, [...won, reconnectionTicket])
    if (!back) mistakes.push(`${id} could not come back after a race that ${won.length} won`)
    for (const { close } of [first, ...racers]) close()
    back?.close()
  },
}

/** With whichever ticket is good, on whichever node answers. Leaves the room. */
async function rejoin({ nodes, random }: Stage, tickets: string[]): Promise<{ close: () => void } | undefined> {
  const deadline = performance.now() + backMs
  const known = [...tickets]
  while (performance.now() < deadline) {
    for (const ticket of known.toReversed()) {
      const back = await ask(random.pick(nodes), 'relogin', ticket)
      if (back.ack.status === 'ok') {
        known.push(String(back.ack.data))
        if ((await back.request('logout')).status === 'ok') return back
      }
      back.close()
    }
    await pause(200)
  }
  return undefined
}

async function ask({ url }: Address, event: string, data: unknown) {
  const socket = io(url, { transports: ['websocket'], forceNew: true, reconnection: false, timeout: 3000 })
  const request = (name: string, ...args: unknown[]) => answerOf(socket, name, args)
  return { ack: await request(event, data), request, close: () => void socket.disconnect() }
}

function answerOf(socket: Socket, event: string, args: unknown[]): Promise<Ack> {
  return new Promise((resolve) => {
    const none = () => resolve({ status: 'none', code: 'none' })
    socket.once('connect_error', none).once('disconnect', none)
    socket.timeout(answerMs).emit(event, ...args, (late: Error | null, ...[status, data, more]: unknown[]) => {
      if (late) none()
      else resolve({ status: String(status), data, code: (more as { code?: string } | undefined)?.code ?? '' })
    })
  })
}
