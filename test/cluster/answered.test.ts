import { expect, test } from 'vitest'
import type { Client, ConnectOptions } from '../support/client.ts'
import { connect } from '../support/client.ts'
import { type DialectDriver, dialectDrivers, enterBy, receivedBy } from '../support/dialect-drivers.ts'
import { ackOf } from '../support/dialects.ts'
import { newRoom } from '../support/node.ts'
import { startProcesses } from '../support/process.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'

/** How long a client takes to answer, ms: at once, before it answers the node's ping, or later. */
const answerTimes = [0, 30]

const kinds = dialectDrivers.flatMap((driver) =>
  ['websocket', 'polling'].flatMap((transport) => answerTimes.map((ms) => ({ driver, transport, ms }))),
)

/** Resolves when an answer to the first message is acked. */
function answers(driver: DialectDriver, client: Client, ms: number, answer: () => Promise<unknown>): Promise<unknown> {
  return new Promise((resolve) => {
    client.socket.once(driver.event, () => {
      if (ms === 0) resolve(answer())
      else setTimeout(() => resolve(answer()), ms)
    })
  })
}

/** On another node, as a client that cannot name what it saw. */
async function rejoin({ name, namespace }: DialectDriver, url: string, client: Client): Promise<Client> {
  const back = await connect(url, { namespace })
  if (name === 'p2p') await ackOf(back, 'authentication', { token: client.id })
  else await back.relogin(client.ticket)
  return back
}

test('a client does not receive a message again that it has answered when its node is killed after the ack', {
  timeout: 60_000,
}, async () => {
  const shared = { redisUrl: redisUrl(), prefix: randomPrefix(), env: { RECONNECT_WINDOW: 20 } }
  const [doomed, survivor] = await startProcesses(2, shared)
  if (!doomed || !survivor) throw new Error('No nodes')
  const pairs = await Promise.all(
    kinds.map(async ({ driver, transport, ms }) => {
      const room = newRoom()
      const options: ConnectOptions = { transports: [transport] }
      const [ann, bob] = [await enterBy(driver, survivor, room), await enterBy(driver, doomed, room, options)]
      const answered = answers(driver, bob, ms, () => driver.send(bob, room, 'answer', ann))
      return { title: `${driver.name} over ${transport}, after ${ms} ms`, driver, room, ann, bob, answered }
    }),
  )
  await Promise.all(pairs.map(({ driver, ann, bob, room }) => driver.send(ann, room, 'offer', bob)))
  await Promise.all(pairs.map(({ answered }) => answered))
  doomed.kill('SIGKILL')
  await doomed.exited
  const heard = await Promise.all(
    pairs.map(async ({ title, driver, ann, bob, room }) => {
      const back = await rejoin(driver, survivor.url, bob)
      await driver.send(ann, room, 'next', bob)
      for (;;) {
        await back.next(driver.event)
        const all = receivedBy(driver, back).filter((messages) => messages !== 'answer')
        if (all.includes('next')) return [title, all]
      }
    }),
  )
  expect(heard).toEqual(pairs.map(({ title }) => [title, ['next']]))
})
