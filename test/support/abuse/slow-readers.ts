import { Agent } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { WebSocket } from 'ws'
import { type Attacker, spaced, type Target } from './attacker.ts'
import { answer, attackerAddress, connected, keepAlive, many, poll } from './connection.ts'

const perChannel = 50
/** The attack ends when the node has disconnected this share of the slow readers. */
const refusedShare = 0.95

/**
 * Participants of channels of 50 that stop reading, while one client in each channel sends messages of 60 kB. One in twenty has
 * a WebSocket, for which the kernel buffers some megabytes before the node has to; the others stop polling.
 */
export const slowReaders = ({ count }: { count: number }): Attacker => ({
  name: `${spaced(count)} slow readers, ${count / perChannel} others sending them all that they can`,
  refusals: ['slow_reader'],
  start: async (target) => {
    const { slow_reader: before = 0 } = await target.refusals()
    const channels = Array.from({ length: count / perChannel }, (_, n) => `slow ${n}`)
    const agent = new Agent({ keepAlive: true, maxSockets: 20, localAddress: attackerAddress })
    const sockets: WebSocket[] = []
    await many(count, 20, async (index) => {
      const channel = channels[Math.floor(index / perChannel)] ?? ''
      if (index % 20 > 0) return pollOnce(target, agent, channel)
      const socket = await inChannel(target, channel)
      socket.pause()
      sockets.push(socket)
    })
    const isEnough = async () => ((await target.refusals()).slow_reader ?? 0) - before >= count * refusedShare
    const senders = await Promise.all(channels.map((channel) => inChannel(target, channel)))
    await sendUntil(senders, channels, isEnough)
    for (const socket of [...senders, ...sockets]) socket.terminate()
    agent.destroy()
  },
})

async function sendUntil(senders: WebSocket[], channels: string[], isEnough: () => Promise<boolean>): Promise<void> {
  const descriptor = 'x'.repeat(60_000)
  for (let id = 2; !(await isEnough()); id += 1) {
    const acks = senders.map((socket) => answer(socket, `43/exchanger,${id}[`))
    for (const [index, socket] of senders.entries()) {
      const offer = { channelName: channels[index], sessionDescriptor: descriptor }
      socket.send(`42/exchanger,${id}${JSON.stringify(['offer', offer])}`)
    }
    await Promise.all(acks)
    await pause(250) // the node needs time for its other work: only the readers have to be slow
  }
}

const joining = (channelName: string) => `42/exchanger,1${JSON.stringify(['joinStream', { channelName }])}`

async function inChannel(target: Target, channel: string): Promise<WebSocket> {
  const socket = await connected(target, '/exchanger,')
  keepAlive(socket)
  const joined = answer(socket, '43/exchanger,1["ok"')
  socket.send(joining(channel))
  await joined
  return socket
}

/** Joins a channel by long-polling, reads the ack, and never polls again. */
async function pollOnce({ url }: Target, agent: Agent, channel: string): Promise<void> {
  const path = `${url}/socket.io/?EIO=4&transport=polling`
  const { sid } = JSON.parse((await poll(agent, path)).slice(1)) as { sid: string }
  for (const packet of ['40/exchanger,', joining(channel)]) {
    await poll(agent, `${path}&sid=${sid}`, packet)
    await poll(agent, `${path}&sid=${sid}`)
  }
}
