import { once } from 'node:events'
import { expect, onTestFailed, test } from 'vitest'
import { WebSocket } from 'ws'
import { refusalsIn } from '../support/abuse/attacker.ts'
import { Bystanders } from '../support/bystanders.ts'
import { newRoom, testSecret } from '../support/node.ts'
import { expectUnharmed, startProcess } from '../support/process.ts'
import { Random } from '../support/random.ts'
import { type Frame, RandomFrames } from '../support/random-frames.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'

const soak = process.env.SIGNALBOX_SOAK === '1'
const frames = Number(process.env.SIGNALBOX_SOAK_FRAMES ?? (soak ? 1_000_000 : 5000))
const connections = 8
/** Sent before the node is asked whether it has read them. */
const batch = 50
const mark = 'has it been read'

test(`${frames} random frames: the node lives, makes no mistake of its own, and serves others meanwhile`, {
  timeout: 60_000 + frames,
}, async () => {
  const random = new Random()
  onTestFailed(() => console.error(`Run it again with SIGNALBOX_SEED=${random.seed}`))
  const env = { NODE_OPTIONS: '--max-old-space-size=256', LOG_LEVEL: 'error' }
  const node = await startProcess({ redisUrl: redisUrl(), prefix: randomPrefix(), env })
  const bystanders = await Bystanders.enter({ url: node.url, secret: testSecret })
  let left = frames
  const sender = async () => {
    const source = new RandomFrames(random, newRoom())
    while (left > 0) {
      const socket = await open(node.url)
      for (const packet of source.opening()) socket.send(packet)
      while (left > 0 && socket.readyState === WebSocket.OPEN) {
        const count = Math.min(left, batch)
        left -= count
        await sendAll(
          socket,
          Array.from({ length: count }, () => source.next()),
        )
      }
      socket.terminate()
    }
  }
  await Promise.all(Array.from({ length: connections }, sender))
  const { sent, acked, received } = await bystanders.take()
  expect(acked).toBe(sent)
  expect(received).toEqual(Array.from({ length: sent }, (_, n) => n))
  bystanders.leave()
  await expectUnharmed([node])
  const { internal, unavailable } = refusalsIn(await (await fetch(`${node.opsUrl}/metrics`)).text())
  expect({ internal, unavailable }, node.output().slice(-3000)).toEqual({})
})

async function open(url: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`)
  socket.on('error', () => {})
  await Promise.race([once(socket, 'open'), once(socket, 'close')])
  return socket
}

/** Resolves when the node has read all of them, or has closed the connection. */
async function sendAll(socket: WebSocket, frames: Frame[]): Promise<void> {
  for (const { data, kind } of frames) {
    if (kind === 'ping' || kind === 'pong') socket[kind](data)
    else if (kind === 'message') socket.send(data)
    else {
      const binary = typeof data !== 'string'
      socket.send(data.slice(0, 3), { fin: false, binary })
      socket.send(data.slice(3), { fin: true, binary })
    }
  }
  await new Promise<void>((resolve) => {
    const done = () => {
      socket.off('close', done).off('pong', look)
      resolve()
    }
    const look = (data: Buffer) => {
      if (String(data) === mark) done()
    }
    socket.on('close', done).on('pong', look)
    if (socket.readyState === WebSocket.OPEN) socket.ping(mark)
    else done()
  })
}
