import { expect, test } from 'vitest'
import type { Client, ConnectOptions } from '../support/client.ts'
import {
  type DialectDriver,
  dialectDrivers,
  enterBy,
  receivedBy,
  resumeWithoutSeq,
} from '../support/dialect-drivers.ts'
import { newRoom } from '../support/node.ts'
import { startProcesses } from '../support/process.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'

/** How long a client takes to answer, ms: at once, before it answers the node's ping, or later. */
const answerTimes = [0, 30]

const cases = dialectDrivers.flatMap((driver) =>
  ['websocket', 'polling'].flatMap((transport) => answerTimes.map((ms) => ({ driver, transport, ms }))),
)

/** Resolves when an answer to the first message is acked. */
function answerAcked(
  driver: DialectDriver,
  client: Client,
  ms: number,
  answer: () => Promise<unknown>,
): Promise<unknown> {
  return new Promise((resolve) => {
    client.socket.once(driver.event, () => {
      if (ms === 0) resolve(answer())
      else setTimeout(() => resolve(answer()), ms)
    })
  })
}

test('a client whose node is killed does not receive a message again that it has answered', {
  timeout: 60_000,
}, async () => {
  const shared = { redisUrl: redisUrl(), prefix: randomPrefix(), env: { RECONNECT_WINDOW: 20 } }
  const [victim, survivor] = await startProcesses(2, shared)
  if (!victim || !survivor) throw new Error('No nodes')
  const pairs = await Promise.all(
    cases.map(async ({ driver, transport, ms }) => {
      const room = newRoom()
      const options: ConnectOptions = { transports: [transport] }
      const [ann, bob] = [await enterBy(driver, survivor, room), await enterBy(driver, victim, room, options)]
      const answered = answerAcked(driver, bob, ms, () => driver.send(bob, room, 'answer', ann))
      return { title: `${driver.name} over ${transport}, after ${ms} ms`, driver, room, ann, bob, answered }
    }),
  )
  await Promise.all(pairs.map(({ driver, ann, bob, room }) => driver.send(ann, room, 'offer', bob)))
  await Promise.all(pairs.map(({ answered }) => answered))
  victim.kill('SIGKILL')
  await victim.exited
  const received = await Promise.all(
    pairs.map(async ({ title, driver, ann, bob, room }) => {
      const resumed = await resumeWithoutSeq(driver, survivor, bob)
      await driver.send(ann, room, 'next', bob)
      for (;;) {
        await resumed.next(driver.event)
        const all = receivedBy(driver, resumed).filter((text) => text !== 'answer')
        if (all.includes('next')) return [title, all]
      }
    }),
  )
  expect(received).toEqual(pairs.map(({ title }) => [title, ['next']]))
})
