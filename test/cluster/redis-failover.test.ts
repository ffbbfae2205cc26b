import { expect, onTestFinished, test } from 'vitest'
import { Portal, type Resync } from '../../src/client/index.ts'
import { connect, enter as enterPlain } from '../support/client.ts'
import { newRoom, startCluster, type TestNode, tokenFor } from '../support/node.ts'
import { until } from '../support/redis.ts'
import { startRedisPair } from '../support/redis-pair.ts'

type Person = { portal: Portal; heard: string[]; seqs: number[]; resyncs: Resync[]; gone: string[] }

/** A client of the SDK that begins at one node and may come back at any. */
async function enter(nodes: TestNode[], first: number, room: string, user: string): Promise<Person> {
  const urls = [...nodes.slice(first), ...nodes.slice(0, first)].map(({ url }) => url)
  const portal = new Portal({ url: urls, backOff: { baseMs: 20, capMs: 200 }, parts: { random: () => 0 } })
  onTestFinished(() => portal.close())
  const person: Person = { portal, heard: [], seqs: [], resyncs: [], gone: [] }
  portal.on('text', ({ message }, { seq }) => {
    person.heard.push(String(message))
    person.seqs.push(seq)
  })
  portal.on('participant', ({ action, data }) => {
    if (action === 'leave') person.gone.push(String(data))
  })
  portal.on('resync', (resync) => person.resyncs.push(resync))
  await portal.login(tokenFor({ room, user }))
  return person
}

const everyoneHeard = (people: Person[], message: string) =>
  until(async () => people.every(({ heard }) => heard.includes(message)))

/** Those who are on these nodes lose their connections, and come back by the tickets they hold. */
async function cut(nodes: TestNode[], people: Person[]): Promise<void> {
  const back = people.map(({ portal }) => new Promise((resolve) => portal.on('reconnected', resolve)))
  for (const { app } of nodes) for (const socket of app.io.of('/').sockets.values()) socket.conn.close()
  await Promise.all(back)
}

/** Who is in the room, as one sees it who comes in. */
async function present(nodes: TestNode[], room: string): Promise<string[]> {
  const client = new Portal({ url: nodes[0]?.url ?? '' })
  const joined = await client.login(tokenFor({ room, user: 'guest' }))
  await client.logout()
  return joined.room.participants.map(({ user }) => user).toSorted()
}

/** One who says one thing after the other. */
class Flow {
  /** In the order in which they were said. */
  readonly acked: string[] = []
  #stopped = false
  readonly #ended: Promise<void>

  constructor(portal: Portal, name: string) {
    this.#ended = this.#run(portal, name)
  }

  /** How many were acked so far. */
  mark(): number {
    return this.acked.length
  }

  stop(): Promise<void> {
    this.#stopped = true
    return this.#ended
  }

  async #run(portal: Portal, name: string): Promise<void> {
    for (let n = 0; !this.#stopped; n += 1) {
      const message = `${name}: ${n}`
      const acked = await portal.text('all', message).then(
        () => true,
        () => false, // Redis is away: unavailable
      )
      if (acked) this.acked.push(message)
    }
  }
}

/** Each says something, and all hear it once. */
async function talk(people: Person[], topic: string): Promise<void> {
  await Promise.all(people.map(({ portal }, index) => portal.text('all', `${topic} ${index}`)))
  for (const index of people.keys()) await everyoneHeard(people, `${topic} ${index}`)
  for (const { heard, seqs } of people) {
    expect(heard.filter((message) => message.startsWith(`${topic} `))).toHaveLength(people.length)
    expect(new Set(seqs).size).toBe(seqs.length)
  }
}

async function start(window = 60) {
  const redis = await startRedisPair()
  const nodes = await startCluster(3, { redis: { url: redis.url }, env: { RECONNECT_WINDOW: window } })
  const room = newRoom()
  const people = await Promise.all(['ann', 'bob', 'cem'].map((user, index) => enter(nodes, index, room, user)))
  return { redis, nodes, room, people: people as [Person, Person, Person] }
}

test('after a failover to a replica that lacks the newest messages, later acked messages arrive everywhere once', async () => {
  const { redis, people } = await start()
  const [ann, bob, cem] = people
  await ann.portal.text('all', 'kept')
  await everyoneHeard(people, 'kept')
  await redis.stopReplication()
  for (const message of ['lost 1', 'lost 2', 'lost 3']) await bob.portal.text('all', message)
  await everyoneHeard(people, 'lost 3')

  redis.failOver()
  for (let n = 1; n <= 10; n += 1) await (n % 2 ? ann : cem).portal.text('all', `after ${n}`)
  await everyoneHeard(people, 'after 10')
  for (const { heard, seqs, resyncs } of people) {
    const after = Array.from({ length: 10 }, (_, n) => `after ${n + 1}`)
    expect(heard).toEqual(['kept', 'lost 1', 'lost 2', 'lost 3', ...after])
    expect(new Set(seqs).size).toBe(seqs.length)
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
    // they have seen what is gone, and are told so
    expect(resyncs).toHaveLength(1)
    expect(resyncs[0]?.room).toMatchObject({ participants: expect.any(Array) })
  }
})

test('a login, a relogin, a new ticket and a logout that the replica lacks are restored', async () => {
  const { redis, nodes, room, people } = await start(2)
  const [ann, bob, cem] = people
  const closed: unknown[] = []
  const fay = await enterPlain(nodes[0]?.url ?? '', { room, user: 'fay' })
  await talk(people, 'before')
  await redis.stopReplication()
  const dan = await enter(nodes, 2, room, 'dan')
  const stay = [ann, bob, dan]
  for (const { portal } of stay) portal.on('closed', (error) => closed.push(error))
  await cut(nodes.slice(1, 2), [bob])
  await cem.portal.logout()
  await until(async () => stay.every(({ gone }) => gone.includes(cem.portal.id)))
  const { data: ticket } = await fay.request('refreshReconnectionTicket')

  redis.failOver()
  await fay.closed // which has seen what is gone
  const again = await connect(nodes[1]?.url ?? '')
  expect(await again.relogin({ ticket: String(ticket), seq: fay.seq })).toMatchObject({ complete: false })
  await talk(stay, 'after')
  await cut(nodes, stay)
  const third = await connect(nodes[2]?.url ?? '')
  await third.relogin(again.ticket)
  await talk(stay, 'back')
  // he had left, and leaves again
  await until(async () => !(await present(nodes, room)).includes('cem'))
  expect(await present(nodes, room)).toEqual(['ann', 'bob', 'dan', 'fay', 'guest'])
  expect(closed).toEqual([])
})

for (const how of ['flush', 'replace'] as const) {
  test(`when Redis returns empty (${how}) no client has to log in again`, async () => {
    const { redis, nodes, room, people } = await start()
    const closed: unknown[] = []
    for (const { portal } of people) portal.on('closed', (error) => closed.push(error))
    const flows = people.map(({ portal }, index) => new Flow(portal, `${index}`))
    await until(async () => flows.every(({ acked }) => acked.length > 5))
    await redis[how]()
    const marks = flows.map((flow) => flow.mark())
    await until(async () => flows.every(({ acked }, index) => acked.length > (marks[index] ?? 0) + 20))
    await Promise.all(flows.map((flow) => flow.stop()))
    // what was on its way just then may have been acked before, and is gone
    const after = flows.flatMap(({ acked }, index) => acked.slice((marks[index] ?? 0) + 1))
    await until(async () => people.every(({ heard }) => after.every((message) => heard.includes(message))))
    await talk(people, 'after')
    for (const { heard } of people)
      expect(heard.filter((message) => after.includes(message))).toHaveLength(after.length)
    for (const { resyncs } of people) expect(resyncs.length).toBeGreaterThan(0)
    await cut(nodes, people)
    await talk(people, 'back')
    expect(await present(nodes, room)).toEqual(['ann', 'bob', 'cem', 'guest'])
    expect(closed).toEqual([])
  })
}
