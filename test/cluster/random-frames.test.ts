import { expect, onTestFailed, test } from 'vitest'
import { refusalsIn } from '../support/abuse/attacker.ts'
import { Bystanders } from '../support/bystanders.ts'
import { type DialectDriver, dialectDrivers, enterBy, receivedBy } from '../support/dialect-drivers.ts'
import { FrameConnection, type FrameTally } from '../support/frame-connection.ts'
import { newRoom, testSecret } from '../support/node.ts'
import { expectUnharmed, startProcess } from '../support/process.ts'
import { Random } from '../support/random.ts'
import { type Frame, RandomFrames } from '../support/random-frames.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'

const soak = process.env.SIGNALBOX_SOAK === '1'
const frames = Number(process.env.SIGNALBOX_SOAK_FRAMES ?? (soak ? 1_000_000 : 5000))
const connections = 8
/** How many frames a connection sends before it waits until the node has read them. */
const batch = 10

test(`${frames} random frames: a node executes the valid ones, refuses the others, and serves other clients meanwhile`, {
  timeout: 60_000 + 2 * frames,
}, async () => {
  const random = new Random()
  const tally: FrameTally = { read: 0, connections: 0, closed: 0, acks: {}, accepted: {}, notifications: {} }
  onTestFailed(() => console.error(`Repeat with SIGNALBOX_SEED=${random.seed}\n${JSON.stringify(tally)}`))
  const env = { NODE_OPTIONS: '--max-old-space-size=256', LOG_LEVEL: 'error', RECONNECT_WINDOW: 2 }
  const node = await startProcess({ redisUrl: redisUrl(), prefix: randomPrefix(), env })
  const bystanders = await Bystanders.enter({ url: node.url, secret: testSecret })
  const room = newRoom()
  // the frames for `/p2p` are sent to this user
  const mailbox = { connects: ['40/p2p,'], entries: [`42/p2p,0${JSON.stringify(['authentication', { token: room }])}`] }
  const receiver = await FrameConnection.open(node.url, mailbox, tally)
  const sender = async () => {
    while (tally.read < frames) {
      const source = new RandomFrames(random, room)
      const connection = await FrameConnection.open(node.url, source.opening(), tally)
      let unread: Frame[] = []
      while (connection.isOpen && tally.read < frames) {
        while (unread.length < batch) unread.push(source.next())
        unread = unread.slice(await connection.send(unread))
      }
      connection.end()
    }
  }
  await Promise.all(Array.from({ length: connections }, sender))
  expect(receiver.isOpen).toBe(true)
  receiver.end()
  for (const namespace of ['/', '/exchanger', '/rooms', '/p2p']) {
    const { acks, accepted, notifications } = tally
    // each namespace gets a quarter of the frames, and two thirds of these are requests with an ack
    expect(acks[namespace], `acks of ${namespace}`).toBeGreaterThan(frames / 12)
    expect(accepted[namespace], `requests that ${namespace} executed`).toBeGreaterThan(frames / 24)
    expect(notifications[namespace], `notifications of ${namespace}`).toBeGreaterThan(frames / 50)
  }
  expect(tally.closed).toBeLessThan(frames / 7)
  const { sent, acked, received } = await bystanders.takeObserved()
  expect(acked).toBe(sent)
  expect(received).toEqual(Array.from({ length: sent }, (_, n) => n))
  bystanders.leave()
  await Promise.all(dialectDrivers.map((driver) => expectDelivery(driver, node)))
  await expectUnharmed([node])
  const { internal, unavailable } = refusalsIn(await (await fetch(`${node.opsUrl}/metrics`)).text())
  expect({ internal, unavailable }, node.output().slice(-3000)).toEqual({})
})

/** Two clients enter in a dialect, and one receives a message of the other. */
async function expectDelivery(driver: DialectDriver, node: { url: string }): Promise<void> {
  const room = newRoom()
  const [sender, receiver] = await Promise.all([enterBy(driver, node, room), enterBy(driver, node, room)])
  await driver.send(sender, room, 'after the frames', receiver)
  while (!receivedBy(driver, receiver).includes('after the frames')) await receiver.next()
}
