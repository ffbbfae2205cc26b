import { setTimeout as pause } from 'node:timers/promises'
import { io, type Socket } from 'socket.io-client'
import { loginInfo } from '../client.ts'
import { newRoom } from '../node.ts'
import type { Address } from '../resilient-client.ts'
import type { Disturbance, Stage } from './disturbance.ts'

type Ack = { status: string; data?: unknown; code: string }

const answerTimeoutMs = 8000
const resumeTimeoutMs = 40_000

/** A participant resumes on every node at the same time, and then once more. The race must not end its session. */
export const reloginRaces: Disturbance = {
  name: 'relogin race',
  run: async (stage) => {
    const { nodes, random, mistakes } = stage
    const first = await ask(random.pick(nodes), 'login', loginInfo({ room: newRoom(), user: 'racer \ud800' }))
    if (first.ack.status !== 'ok') return first.close()
    const { reconnectionTicket, id } = first.ack.data as { reconnectionTicket: string; id: string }
    const racers = await Promise.all(nodes.map((node) => ask(node, 'relogin', reconnectionTicket)))
    const won = racers.flatMap(({ ack }) => (ack.status === 'ok' ? [String(ack.data)] : []))
    const resumed = await resume(stage, [...won, reconnectionTicket])
    if (!resumed) mistakes.push(`${id} could not resume after a race in which ${won.length} relogins succeeded`)
    for (const { close } of [first, ...racers]) close()
    resumed?.close()
  },
}

/** Resumes with any of the tickets on any node, and logs out. Resolves to undefined if it does not succeed in time. */
async function resume({ nodes, random }: Stage, tickets: string[]): Promise<{ close: () => void } | undefined> {
  const deadline = performance.now() + resumeTimeoutMs
  const all = [...tickets]
  while (performance.now() < deadline) {
    for (const ticket of all.toReversed()) {
      const resumed = await ask(random.pick(nodes), 'relogin', ticket)
      if (resumed.ack.status === 'ok') {
        all.push(String(resumed.ack.data))
        if ((await resumed.request('logout')).status === 'ok') return resumed
      }
      resumed.close()
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
    const noAnswer = () => resolve({ status: 'none', code: 'none' })
    socket.once('connect_error', noAnswer).once('disconnect', noAnswer)
    socket
      .timeout(answerTimeoutMs)
      .emit(event, ...args, (timeout: Error | null, ...[status, data, more]: unknown[]) => {
        if (timeout) noAnswer()
        else resolve({ status: String(status), data, code: (more as { code?: string } | undefined)?.code ?? '' })
      })
  })
}
