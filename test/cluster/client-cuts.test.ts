import { Server as NetServer, type Socket as NetSocket, connect as netConnect } from 'node:net'
import { expect, onTestFailed, onTestFinished, test } from 'vitest'
import { Portal } from '../../src/client/index.ts'
import { newRoom, startCluster, tokenFor } from '../support/node.ts'
import { Random } from '../support/random.ts'

/** A TCP road to a node, whose travellers can be cut off at any byte without a goodbye. */
type Road = { url: string; cut: () => number }

async function roadTo(target: string): Promise<Road> {
  const { port } = new URL(target)
  const travellers = new Set<NetSocket>()
  const server = new NetServer((near) => {
    const far = netConnect(Number(port), '127.0.0.1')
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      travellers.add(one)
      one.pipe(other)
      one.on('error', () => {})
      one.on('close', () => {
        travellers.delete(one)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    const cutOff = [...travellers]
    travellers.clear()
    for (const traveller of cutOff) {
      if (traveller.connecting) traveller.destroy()
      else traveller.resetAndDestroy()
    }
    return cutOff.length
  }
  onTestFinished(() => {
    cut()
    server.close()
  })
  const address = server.address()
  return { url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`, cut }
}

const cuts = 300

test('after 300 cuts across three nodes every request was executed once, and every notification arrived once and in order', async () => {
  const random = new Random()
  onTestFailed(() => console.error(`Run it again with SIGNALBOX_SEED=${random.seed}`))
  const nodes = await startCluster(3, { env: { MESSAGES_PER_SECOND: 1000, MESSAGE_BURST: 5000 } })
  const room = newRoom()
  const parts = { random: () => random.next() }
  let lose = (_error: Error) => {}
  /** Rejects when a session is over, as none may be before the end. */
  const lost = new Promise<never>((_, reject) => {
    lose = reject
  })
  lost.catch(() => {})
  const people = await Promise.all(
    ['ann', 'bea', 'cid'].map(async (user) => {
      const roads = await Promise.all(nodes.map(({ url }) => roadTo(url)))
      const portal = new Portal({
        url: roads.map(({ url }) => url),
        parts,
        backOff: { baseMs: 20, capMs: 200 },
        rateLimit: { perSecond: 1000, burst: 1000 },
      })
      onTestFinished(() => portal.close())
      const heard: string[] = []
      const seqs: number[] = []
      portal.on('text', ({ message }, { seq }) => {
        heard.push(String(message))
        seqs.push(seq)
      })
      await portal.login(tokenFor({ room, user }))
      portal.on('closed', ({ code, message }) => lose(new Error(`${user}: ${code} ${message}`)))
      return { portal, roads, heard, seqs, said: [] as string[], reconnects: 0, user }
    }),
  )
  const urls = new Set<string>()
  const connections = new Set<string | undefined>()
  for (const person of people) {
    person.portal.on('reconnected', ({ from, to }) => {
      person.reconnects += 1
      urls.add(to.url)
      connections.add(from?.id)
    })
    person.portal.on('resync', () => expect.fail('nothing may be missing'))
  }

  const settled: Promise<unknown>[] = []
  let done = 0
  let noteAck = () => {}
  const acked = () => {
    done += 1
    noteAck()
  }
  const nextAck = () =>
    new Promise<void>((resolve) => {
      noteAck = resolve
    })
  const say = (person: (typeof people)[number]) => {
    const message = `${person.user} ${person.said.length}`
    person.said.push(message)
    settled.push(person.portal.text('all', message).then(acked, lose))
  }
  for (let cut = 0; cut < cuts; ) {
    for (const person of people) while (person.portal.pending < 6 && person.portal.state !== 'closed') say(person)
    // some cuts fall while requests are on the way, others after some acks, others into a relogin
    const until = done + random.pick([0, 1, 2, 5, 9])
    while (done < until) await Promise.race([lost, nextAck()])
    const person = random.pick(people)
    if (person.roads.map((road) => road.cut()).some((cutOff) => cutOff > 0)) cut += 1
    // who is on no road just now is between two tries, or between two polls where WebSocket had been cut off
    await Promise.race([lost, new Promise((resolve) => setImmediate(resolve))])
  }
  await Promise.all(settled)
  expect(done).toBe(settled.length)
  await Promise.all(people.map(({ portal }) => portal.text('all', 'end')))

  const all = people.flatMap(({ said }) => said).toSorted()
  await expect
    .poll(() => people.map(({ heard }) => heard.filter((message) => message === 'end').length), { timeout: 10_000 })
    .toEqual([3, 3, 3])
  for (const { heard, seqs, portal } of people) {
    expect(heard.filter((message) => message !== 'end').toSorted()).toEqual(all)
    expect(seqs).toEqual(seqs.toSorted((one, other) => one - other))
    expect(portal.pending).toBe(0)
    for (const { user, said } of people) {
      expect(heard.filter((message) => message.startsWith(`${user} `))).toEqual(said)
    }
  }
  const [first, ...others] = people
  for (const { heard } of others) expect(heard).toEqual(first?.heard)
  expect(people.reduce((sum, { reconnects }) => sum + reconnects, 0)).toBeGreaterThan(cuts / 3)
  expect(urls.size).toBe(9)
  expect([...connections]).not.toContain('')
}, 60_000)
