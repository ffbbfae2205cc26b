import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Client, connect, enter } from '../support/client.ts'
import { type DialectDriver, dialectDrivers, enterBy, receivedBy, resumeBy } from '../support/dialect-drivers.ts'
import { newRoom } from '../support/node.ts'
import { expectUnharmed } from '../support/process.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'
import { startRoundRobin } from '../support/round-robin.ts'
import { Traffic } from '../support/traffic.ts'
import { cannotMix, directions, startVersions, type VersionedNode, whyNot } from '../support/two-versions.ts'
import { until } from '../support/until.ts'

const signals = ['SIGTERM', 'SIGKILL'] as const

const dialects = dialectDrivers.flatMap((driver) =>
  ['websocket', 'polling'].map((transport) => ({ driver, transport })),
)

/** Resolves when Redis has the client's last seq as confirmed, because a killed node records nothing more. */
async function untilConfirmed(
  redis: Redis,
  prefix: string,
  { namespace }: DialectDriver,
  { ticket, seq }: Client,
): Promise<void> {
  const { participantId, roomId } = JSON.parse(Buffer.from(ticket, 'base64').toString())
  const room = `${namespace.slice(1) || 'portal'}/${encodeURIComponent(roomId)}`
  await until(async () => Number(await redis.hget(`${prefix}:{${room}}:session:${participantId}`, 'cursor')) >= seq)
}

describe.skipIf(cannotMix)(`A cluster with a node of the old commit and one of this tree${whyNot}`, () => {
  test('loses, duplicates and reorders no message while nodes of both versions drain, are killed and restart', {
    timeout: 90_000,
  }, async () => {
    const window = 3
    const { old, new: now } = await startVersions({ env: { RECONNECT_WINDOW: window, DRAIN_SECONDS: 1 } })
    const nodes: VersionedNode[] = [old, now]
    const inFlight = ['many', 'one'] as const
    const traffic = await Traffic.start({ nodes, clients: 12, window, inFlight: [...inFlight] })
    const flow = traffic.flow(200)
    const cross = async () => {
      await traffic.ledger.more(50)
      for (const client of traffic.present) client.move(nodes.find((node) => node !== client.node))
      await traffic.allInRoom()
    }
    await cross()
    await cross()
    const vanished = []
    for (const signal of signals) {
      for (const name of ['old', 'new']) {
        const [ending] = nodes.filter((node) => node.name === name)
        if (!ending) throw new Error('No node')
        nodes.splice(nodes.indexOf(ending), 1)
        const [gone, ...others] = traffic.on(ending)
        expect(others.length).toBeGreaterThan(0)
        if (signal === 'SIGKILL' && gone) vanished.push(gone)
        if (signal === 'SIGKILL') gone?.vanish()
        ending.kill(signal)
        await traffic.allInRoom(ending)
        if (signal === 'SIGTERM') expect(await ending.exited).toEqual({ code: 0, signal: null })
        await traffic.ledger.more(50)
        const restarted = { ...(await ending.restart()), name }
        nodes.push(restarted)
        for (const [index, client] of traffic.present.entries()) if (index % 2 === 0) client.move(restarted)
        await traffic.allInRoom()
      }
    }
    const [observer] = traffic.present
    if (!observer) throw new Error('No client is left')
    await traffic.untilSeenLeaving(vanished, observer)
    await flow.stop()
    await traffic.finish()
    for (const { id } of vanished) expect(traffic.ledger.leavesSeenBy(observer.id, id)).toBe(1)
    await expectUnharmed(nodes)
  })

  describe.each(directions)('a client of %s that resumes on %s with a ticket alone', (from, to) => {
    test.each(signals)(
      'after %s receives each missed message once, and its repeated request is executed once',
      async (signal) => {
        const prefix = randomPrefix()
        const nodes = await startVersions({ prefix, env: { RECONNECT_WINDOW: 20, DRAIN_SECONDS: 1 } })
        const [ending, surviving] = [nodes[from], nodes[to]]
        const redis = new Redis(redisUrl())
        onTestFinished(() => redis.disconnect())
        const pairs = await Promise.all(
          dialects.map(async ({ driver, transport }) => {
            const room = newRoom()
            const ann = await enterBy(driver, ending, room, { transports: [transport] })
            const bob = await enterBy(driver, surviving, room)
            const send = async (...all: string[]) => {
              for (const text of all) await driver.send(bob, room, text, ann)
            }
            await send('1', '2', '3')
            for (let number = 1; number <= 3; number += 1) await ann.next(driver.event)
            await untilConfirmed(redis, prefix, driver, ann)
            return { title: `${driver.name} over ${transport}`, driver, ann, bob, send }
          }),
        )
        const room = newRoom()
        const [carl, dan] = [await enter(ending.url, { room }), await enter(surviving.url, { room })]
        const request = ['text', { to: 'all', message: 'once' }, { rid: 1 }] as const
        carl.socket.emit(...request) // its ack is not awaited, as if it were lost
        await dan.next('text')
        ending.kill(signal)
        const received = await Promise.all(
          pairs.map(async ({ title, driver, ann, bob, send }) => {
            await ann.closed
            await send('4', '5')
            const resumed = await resumeBy(driver, surviving, ann)
            await send('6')
            while (!receivedBy(driver, resumed).includes('6')) await resumed.next(driver.event)
            expect(JSON.stringify(bob.seen), title).not.toMatch(/"leave"|"bye"|"userLeftStream"/)
            return [title, receivedBy(driver, ann), receivedBy(driver, resumed)]
          }),
        )
        expect(received).toEqual(pairs.map(({ title }) => [title, ['1', '2', '3'], ['4', '5', '6']]))
        await carl.closed
        const resumed = await connect(surviving.url)
        await resumed.relogin(carl.ticket)
        expect(await resumed.request(...request)).toEqual({ status: 'ok' })
        expect(await dan.barrier()).toEqual([])
        await ending.exited
        await expectUnharmed([surviving])
      },
    )
  })

  describe.each(directions)('when %s, which forwards a WebSocket to %s, drains,', (forwarding, serving) => {
    test('the client of the WebSocket is notified and disconnected, and resumes', async () => {
      const nodes = await startVersions({ env: { RECONNECT_WINDOW: 20, DRAIN_SECONDS: 1 } })
      let backends = [nodes[serving], nodes[forwarding]]
      const front = await startRoundRobin(() => backends)
      const room = newRoom()
      const ann = await connect(front.url, { transports: ['polling', 'websocket'] })
      await ann.login({ room })
      const { engine } = ann.socket.io
      await until(async () => engine.transport.name === 'websocket')
      expect(String((engine as { id?: string }).id)).toMatch(new RegExp(`^${nodes[serving].name}\\.`))
      nodes[forwarding].kill('SIGTERM')
      expect(await ann.next('draining')).toMatchObject({ data: { withinMs: expect.any(Number) } })
      expect(await ann.closed).toBe('transport close')
      backends = [nodes[serving]]
      const resumed = await connect(front.url)
      expect(await resumed.relogin({ ticket: ann.ticket, seq: ann.seq })).toMatchObject({ complete: true })
      expect(await nodes[forwarding].exited).toEqual({ code: 0, signal: null })
    })
  })
})
