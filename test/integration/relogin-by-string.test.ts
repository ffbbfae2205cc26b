import { describe, expect, test } from 'vitest'
import { type Client, connect, enter } from '../support/client.ts'
import { type DialectDriver, dialectDrivers, enterBy, receivedBy } from '../support/dialect-drivers.ts'
import { newRoom, startCluster, type TestNode } from '../support/node.ts'
import { until } from '../support/redis.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { publishBoth, subscribeBoth } from './media.ts'

/** So slow that what is known of a client is only found where it was left, or asked for. */
const intervals = { heartbeatMs: 500, reapMs: 100, checkMs: 600_000, recordConfirmedMs: 600_000, trackRoomsMs: 5000 }
const [here, there] = (await startCluster(2, { redis: true, parts: { intervals } })) as [TestNode, TestNode]

/** The versions of the portal do not differ in how they are sent. */
const overPolling = new Set(['portal 1.2', 'exchanger', 'rooms'])

const participantOf = ({ ticket }: Client) => JSON.parse(Buffer.from(ticket, 'base64').toString()).participantId
const sessionOf = (client: Client) => here.app.sessions.all.find(({ id }) => id === participantOf(client))

/** The node knows that the client has everything that was said. */
async function proven(client: Client): Promise<void> {
  await until(async () => sessionOf(client)?.confirmedSeq === sessionOf(client)?.sentSeq)
}

/** A client whose connection has become a black hole after some messages: more were sent into it. */
async function swallowed(driver: DialectDriver, transport: string) {
  const room = newRoom()
  const proxy = await startTcpProxy(here)
  const ann = await enterBy(driver, proxy, room, { transports: [transport] })
  const bob = await enterBy(driver, there, room)
  const say = async (...all: string[]) => {
    for (const messages of all) await driver.send(bob, room, messages, ann)
  }
  await say('1', '2', '3')
  for (let number = 1; number <= 3; number += 1) await ann.next(driver.event)
  await proven(ann)
  proxy.stall('answers')
  const before = sessionOf(ann)?.sentSeq ?? 0
  await say('4', '5', '6')
  await until(async () => (sessionOf(ann)?.sentSeq ?? 0) >= before + 3)
  return { room, ann, bob, say }
}

async function rejoin(driver: DialectDriver, { ticket }: Client): Promise<Client> {
  const back = await connect(there.url, { namespace: driver.namespace })
  await back.relogin(ticket)
  return back
}

/** What has become of the old connection when its client is back. */
function end(ann: Client): void {
  // a poll that nobody reads keeps the node from closing: the client says so, and is still heard
  const { connection } = sessionOf(ann) ?? {}
  if (ann.socket.io.engine.transport.name === 'polling') ann.cut()
  else connection?.cut()
}
const lost = {
  'the old connection stands': async () => {},
  'it was closed': async (ann: Client) => {
    end(ann)
    await until(async () => here.app.sessions.disconnections.waiting.some(({ id }) => id === participantOf(ann)))
  },
  'it was closed just now': async (ann: Client) => end(ann),
}

describe.each(
  dialectDrivers.flatMap((driver) =>
    (overPolling.has(driver.name) ? ['websocket', 'polling'] : ['websocket']).map(
      (transport) => [driver.name, transport, driver] as const,
    ),
  ),
)(
  '%s over %s: what was sent into a black hole comes again, and nothing that had arrived',
  (_name, transport, driver) => {
    test.each(Object.entries(lost))('%s', async (_, lose) => {
      const { ann, say } = await swallowed(driver, transport)
      await lose(ann)
      const back = await rejoin(driver, ann)
      await say('7')
      for (let number = 4; number <= 7; number += 1) await back.next(driver.event)
      expect(receivedBy(driver, ann)).toEqual(['1', '2', '3'])
      expect(receivedBy(driver, back)).toEqual(['4', '5', '6', '7'])
    })
  },
)

test.each(Object.entries(lost))('progress that may have arrived never comes again: %s', async (_, lose) => {
  const [proxy, room] = [await startTcpProxy(here), newRoom()]
  const ann = await enter(proxy.url, { room })
  const bob = await enter(there.url, { room })
  const subscription = await subscribeBoth(ann, await publishBoth(bob))
  const signal = (number: number) =>
    bob.ask('soac', {
      id: subscription,
      to: ann.id,
      signaling: { type: 'candidate' as const, number } as { type: 'candidate' },
    })
  const signals = ({ seen }: Client) =>
    seen.flatMap(({ event, data }) => (event === 'progress' ? Object(data).data.number : []))
  await signal(1)
  await ann.next('progress')
  await proven(ann)
  proxy.stall('answers')
  const before = sessionOf(ann)?.sentSeq ?? 0
  await signal(2)
  await bob.ask('text', { to: ann.id, message: 'sent into the black hole' })
  await until(async () => (sessionOf(ann)?.sentSeq ?? 0) >= before + 2)
  await lose(ann)
  const back = await connect(there.url)
  await back.relogin(ann.ticket)
  await signal(3)
  expect((await back.next('text')).data).toMatchObject({ message: 'sent into the black hole' })
  await back.next('progress')
  expect([signals(ann), signals(back)]).toEqual([[1], [3]])
})

test('a client that names its seq, or says that it will, is not asked what has arrived', async () => {
  const room = newRoom()
  const pings = (client: Client) => {
    const engine = client.socket.io.engine as unknown as {
      transport: { ws: { on(event: 'ping', l: () => void): void } }
    }
    const counted = { all: 0 }
    engine.transport.ws.on('ping', () => {
      counted.all += 1
    })
    return counted
  }
  const said = await connect(here.url, { auth: { seq: true } })
  const before = await enter(here.url, { room })
  const shown = await connect(here.url)
  const stock = await connect(here.url)
  const asked = [said, shown, stock].map(pings)
  await said.login({ room })
  await shown.relogin({ ticket: before.ticket, seq: before.seq })
  await stock.login({ room })
  // each is asked once whether its ticket has arrived
  await Promise.all([said, shown, stock].map((client) => client.whenConfirmed()))
  const settled = asked.map(({ all }) => all)
  for (const number of [1, 2, 3]) {
    await stock.ask('text', { to: 'all', message: `${number}` })
    await Promise.all([said, shown, stock].map((client) => client.next('text')))
  }
  await Promise.all([said, shown, stock].map((client) => client.whenConfirmed()))
  expect(asked.map(({ all }, index) => all - (settled[index] ?? 0))).toEqual([0, 0, expect.any(Number)])
  expect(asked[2]?.all).toBeGreaterThan(settled[2] ?? 0)
})
