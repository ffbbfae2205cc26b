import { describe, expect, test } from 'vitest'
import { type Client, connect, enter } from '../support/client.ts'
import { type DialectDriver, dialectDrivers, enterBy, receivedBy } from '../support/dialect-drivers.ts'
import { publishBoth, subscribeBoth } from '../support/media.ts'
import { newRoom, startCluster, type TestNode } from '../support/node.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

/** So long that only a detach or a handover records the delivery state of a session. */
const intervals = { heartbeatMs: 500, reapMs: 100, checkMs: 600_000, recordConfirmedMs: 600_000, trackRoomsMs: 5000 }
const [here, there] = (await startCluster(2, { redis: true, parts: { intervals } })) as [TestNode, TestNode]

/** The dialects that are tested over polling too. The versions of the portal do not differ in that. */
const overPolling = new Set(['portal 1.2', 'exchanger', 'rooms'])

const participantOf = ({ ticket }: Client) => JSON.parse(Buffer.from(ticket, 'base64').toString()).participantId
const sessionOf = (client: Client) => here.app.sessions.all.find(({ id }) => id === participantOf(client))

/** Resolves when the node knows that the client has received everything that was sent. */
async function untilConfirmed(client: Client): Promise<void> {
  await until(async () => sessionOf(client)?.confirmedSeq === sessionOf(client)?.sentSeq)
}

/** A client whose connection stalls after three messages, so that three further messages do not arrive. */
async function enterStalled(driver: DialectDriver, transport: string) {
  const room = newRoom()
  const proxy = await startTcpProxy(here)
  const ann = await enterBy(driver, proxy, room, { transports: [transport] })
  const bob = await enterBy(driver, there, room)
  const send = async (...all: string[]) => {
    for (const messages of all) await driver.send(bob, room, messages, ann)
  }
  await send('1', '2', '3')
  for (let number = 1; number <= 3; number += 1) await ann.next(driver.event)
  await untilConfirmed(ann)
  proxy.stall('answers')
  const before = sessionOf(ann)?.sentSeq ?? 0
  await send('4', '5', '6')
  await until(async () => (sessionOf(ann)?.sentSeq ?? 0) >= before + 3)
  return { room, ann, bob, send }
}

async function resume(driver: DialectDriver, { ticket }: Client): Promise<Client> {
  const resumed = await connect(there.url, { namespace: driver.namespace })
  await resumed.relogin(ticket)
  return resumed
}

/** Ends the old connection of a client. */
function endConnection(ann: Client): void {
  // a poll whose answer is not read prevents the node from closing, so the client closes
  const { connection } = sessionOf(ann) ?? {}
  if (ann.socket.io.engine.transport.name === 'polling') ann.cut()
  else connection?.cut()
}
const oldConnections = {
  'while its old connection is open': async () => {},
  'after its old connection was closed': async (ann: Client) => {
    endConnection(ann)
    await until(async () => here.app.sessions.disconnections.waiting.some(({ id }) => id === participantOf(ann)))
  },
  'while its old connection is closing': async (ann: Client) => endConnection(ann),
}

describe.each(
  dialectDrivers.flatMap((driver) =>
    (overPolling.has(driver.name) ? ['websocket', 'polling'] : ['websocket']).map(
      (transport) => [driver.name, transport, driver] as const,
    ),
  ),
)('a client of %s over %s that resumes without its seq', (_name, transport, driver) => {
  test.each(Object.entries(oldConnections))('%s receives only the messages that had not arrived', async (_, endOld) => {
    const { ann, send } = await enterStalled(driver, transport)
    await endOld(ann)
    const resumed = await resume(driver, ann)
    await send('7')
    for (let number = 4; number <= 7; number += 1) await resumed.next(driver.event)
    expect(receivedBy(driver, ann)).toEqual(['1', '2', '3'])
    expect(receivedBy(driver, resumed)).toEqual(['4', '5', '6', '7'])
  })
})

test.each(Object.entries(oldConnections))(
  'signaling that may have arrived is not sent again to a client that resumes %s',
  async (_, endOld) => {
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
    await untilConfirmed(ann)
    proxy.stall('answers')
    const before = sessionOf(ann)?.sentSeq ?? 0
    await signal(2)
    await bob.ask('text', { to: ann.id, message: 'sent while stalled' })
    await until(async () => (sessionOf(ann)?.sentSeq ?? 0) >= before + 2)
    await endOld(ann)
    const resumed = await connect(there.url)
    await resumed.relogin(ann.ticket)
    await signal(3)
    expect((await resumed.next('text')).data).toMatchObject({ message: 'sent while stalled' })
    await resumed.next('progress')
    expect([signals(ann), signals(resumed)]).toEqual([[1], [3]])
  },
)

test('a client that resumes with its seq, or declares it in `auth`, gets no pings that confirm deliveries', async () => {
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
  const declared = await connect(here.url, { auth: { seq: true } })
  const before = await enter(here.url, { room })
  const resumedWithSeq = await connect(here.url)
  const plain = await connect(here.url)
  const pingCounts = [declared, resumedWithSeq, plain].map(pings)
  await declared.login({ room })
  await resumedWithSeq.relogin({ ticket: before.ticket, seq: before.seq })
  await plain.login({ room })
  // each gets a ping that confirms its ticket
  await Promise.all([declared, resumedWithSeq, plain].map((client) => client.whenConfirmed()))
  const countsBefore = pingCounts.map(({ all }) => all)
  for (const number of [1, 2, 3]) {
    await plain.ask('text', { to: 'all', message: `${number}` })
    await Promise.all([declared, resumedWithSeq, plain].map((client) => client.next('text')))
  }
  await Promise.all([declared, resumedWithSeq, plain].map((client) => client.whenConfirmed()))
  expect(pingCounts.map(({ all }, index) => all - (countsBefore[index] ?? 0))).toEqual([0, 0, expect.any(Number)])
  expect(pingCounts[2]?.all).toBeGreaterThan(countsBefore[2] ?? 0)
})
