import { request } from 'node:http'
import { beforeAll, describe, expect, test } from 'vitest'
import { caller, managementKeys } from '../integration/management/caller.ts'
import { mesh, publishBoth, subscribeBoth } from '../integration/media.ts'
import { type Client, connect, enter, loginInfo, refusal } from '../support/client.ts'
import { type DialectDriver, dialectDrivers, enterBy, receivedBy, resumeBy } from '../support/dialect-drivers.ts'
import { inRoom } from '../support/dialects.ts'
import { newRoom } from '../support/node.ts'
import { expectUnharmed } from '../support/process.ts'
import { randomPrefix, until } from '../support/redis.ts'
import { startRoundRobin } from '../support/round-robin.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import {
  cannotMix,
  directions,
  startVersion,
  startVersions,
  type VersionedNode,
  whyNot,
} from '../support/two-versions.ts'

type Address = { url: string }

/** A proxy's address, which the nodes trust. Their own is another. */
const proxy = '127.0.0.7'

/** Bob is on one node, Ann on another; both are in one room. */
async function scene(driver: DialectDriver, [annAt, bobAt]: [Address, Address]) {
  const room = newRoom()
  const ann = await enterBy(driver, annAt, room)
  const bob = await enterBy(driver, bobAt, room)
  const say = async (from: Client, to: Client, ...all: string[]) => {
    for (const words of all) await driver.send(from, room, words, to)
  }
  return { room, ann, bob, say }
}

/** Resolves when a client has received so many messages of its dialect that it had not taken yet. */
async function take(client: Client, { event }: DialectDriver, count: number): Promise<void> {
  for (let taken = 0; taken < count; taken += 1) await client.next(event)
}

/** Resolves when a client's node knows that it has everything: the proof travels between two messages. */
async function confirmed(client: Client): Promise<void> {
  for (let trips = 0; trips < 3; trips += 1) {
    await new Promise((resolve) => client.socket.emit('no such event', resolve))
  }
}

/** Whom a client's ticket is for. */
const participantOf = ({ ticket }: Client): unknown =>
  JSON.parse(Buffer.from(ticket, 'base64').toString()).participantId

const textOf = ({ event, data }: { event: string; data: unknown }) =>
  event === 'text' ? (data as { message: string }).message : undefined

describe.skipIf(cannotMix)(`A cluster with a node of the old commit and nodes of this tree${whyNot}`, () => {
  let nodes: { old: VersionedNode; new: VersionedNode; twin: VersionedNode }
  beforeAll(async () => {
    const env = { MANAGEMENT_KEYS: managementKeys, RECONNECT_WINDOW: 20, TRUST_PROXY: proxy, LOG_LEVEL: 'info' }
    const shared = { env, prefix: randomPrefix(), until: 'after the file' } as const
    const [pair, twin] = await Promise.all([startVersions(shared), startVersion('new', shared, 'twin')])
    nodes = { ...pair, twin }
    return () => expectUnharmed(Object.values(nodes))
  })

  describe.each(directions)('a client that resumes from %s to %s', (from, to) => {
    test.each(dialectDrivers)('receives once what it missed, with a ticket alone, in $name', async (driver) => {
      const { ann, bob, say } = await scene(driver, [nodes[from], nodes[to]])
      await say(bob, ann, '1', '2', '3')
      await take(ann, driver, 3)
      await confirmed(ann)
      ann.cut()
      await say(bob, ann, '4', '5')
      const back = await resumeBy(driver, nodes[to], ann)
      await say(bob, ann, '6')
      await take(back, driver, 3)
      expect(participantOf(back)).toBe(participantOf(ann))
      expect([receivedBy(driver, ann), receivedBy(driver, back)]).toEqual([
        ['1', '2', '3'],
        ['4', '5', '6'],
      ])
    })

    test.each(dialectDrivers)('receives what follows the `seq` that it names, in $name', async (driver) => {
      const { ann, bob, say } = await scene(driver, [nodes[from], nodes[to]])
      await say(bob, ann, '1')
      await take(ann, driver, 1)
      const { seq } = ann
      await say(bob, ann, '2', '3')
      await take(ann, driver, 2)
      ann.cut()
      await say(bob, ann, '4')
      const back = await resumeBy(driver, nodes[to], ann, { seq })
      await take(back, driver, 3)
      expect(receivedBy(driver, back)).toEqual(['2', '3', '4'])
    })

    test('repeats a request under its `rid`, which is done once and acked as it was', async () => {
      const room = newRoom()
      const [ann, bob] = [await enter(nodes[from].url, { room }), await enter(nodes[to].url, { room })]
      const text = (message: string) => ['text', { to: 'all', message }] as const
      const published = ['publish', { media: { tracks: [{ type: 'audio', source: 'mic' }] }, transport: mesh }] as const
      expect((await ann.request(...text('1'), { rid: 1 })).status).toBe('ok')
      const answer = await ann.request(...published, { rid: 2 })
      ann.cut()
      const back = await connect(nodes[to].url)
      await back.relogin({ ticket: ann.ticket, seq: ann.seq })
      expect(await back.request(...text('1'), { rid: 1 })).toEqual({ status: 'ok' })
      expect(await back.request(...published, { rid: 2 })).toEqual(answer)
      expect((await back.request(...text('2'), { rid: 3 })).status).toBe('ok')
      const came = await bob.barrier()
      expect(came.flatMap((notice) => textOf(notice) ?? [])).toEqual(['1', '2'])
      expect(came.filter(({ event }) => event === 'stream')).toHaveLength(1)
    })

    test('holds a ticket that both nodes accept once', async () => {
      const ann = await enter(nodes[from].url, { room: newRoom() })
      const before = ann.ticket
      const { data: refreshed } = await ann.request('refreshReconnectionTicket')
      const back = await connect(nodes[to].url)
      await back.relogin(String(refreshed))
      await confirmed(back)
      for (const { url } of [nodes[from], nodes[to]]) {
        const late = await connect(url)
        expect(await late.request('relogin', before)).toEqual(refusal('Reconnection is not allowed', 'ticket_spent'))
      }
      const again = await connect(nodes[from].url)
      expect(await again.relogin(back.ticket)).toBe(again.ticket)
      expect(again.id).toBe(ann.id)
    })
  })

  // between two nodes of one version too: the outcome is the same
  describe.each([...directions, ['new', 'twin'] as const])(
    'a client whose connection to %s stands, and that resumes on %s,',
    (from, to) => {
      test.each(dialectDrivers)('loses that connection, and receives nothing twice, in $name', async (driver) => {
        const { ann, bob, say } = await scene(driver, [nodes[from], nodes[to]])
        await say(bob, ann, '1', '2', '3')
        await take(ann, driver, 3)
        await confirmed(ann)
        const back = await resumeBy(driver, nodes[to], ann)
        await ann.closed
        await say(bob, ann, '4')
        await take(back, driver, 1)
        expect(receivedBy(driver, back)).toEqual(['4'])
        expect(JSON.stringify(bob.seen)).not.toMatch(/leave|bye|userLeft/)
      })

      test.each(dialectDrivers)('receives what that connection did not deliver, in $name', async (driver) => {
        const proxy = await startTcpProxy(nodes[from])
        const { room, ann, bob, say } = await scene(driver, [proxy, nodes[to]])
        await say(bob, ann, '1', '2', '3')
        await take(ann, driver, 3)
        await confirmed(ann)
        proxy.stall('answers')
        await say(bob, ann, '4', '5', '6')
        const back = await resumeBy(driver, nodes[to], ann)
        ann.socket.emit(driver.event, 'of the connection that lost its participant', room)
        await say(bob, ann, '7')
        await take(back, driver, 4)
        expect(receivedBy(driver, back)).toEqual(['4', '5', '6', '7'])
        proxy.resume()
        await ann.closed
        expect(receivedBy(driver, bob).filter((words) => `${words}`.startsWith('of'))).toEqual([])
      })

      // signaling is delivered at most once
      test('receives no signaling again that was sent over that connection', async () => {
        const proxy = await startTcpProxy(nodes[from])
        const room = newRoom()
        const [ann, bob] = [await enter(proxy.url, { room }), await enter(nodes[to].url, { room })]
        const subscription = await subscribeBoth(ann, await publishBoth(bob))
        const signal = async (...numbers: number[]) => {
          for (const number of numbers) {
            await bob.request('soac', { id: subscription, to: ann.id, signaling: { type: 'candidate', number } })
            await bob.ask('text', { to: ann.id, message: `${number}` })
          }
        }
        await signal(1)
        await ann.next('text')
        await confirmed(ann)
        proxy.stall('answers')
        await signal(2, 3)
        const back = await connect(nodes[to].url)
        await back.relogin(ann.ticket)
        await signal(4)
        for (const _ of [2, 3, 4]) await back.next('text')
        const signaled = back.seen.flatMap(({ event, data }) => {
          const { status, data: signaling } = data as { status?: string; data?: { number: number } }
          return event === 'progress' && status === 'soac' ? signaling?.number : []
        })
        expect(back.seen.flatMap((notice) => textOf(notice) ?? [])).toEqual(['2', '3', '4'])
        expect(signaled).toEqual([4])
      })
    },
  )

  describe.each(directions)('what one client does on %s', (from, to) => {
    test.each(dialectDrivers)(`arrives at another on ${to}, and the answer comes back, in $name`, async (driver) => {
      const { ann, bob, say } = await scene(driver, [nodes[from], nodes[to]])
      await say(ann, bob, 'offer')
      await take(bob, driver, 1)
      await say(bob, ann, 'answer')
      while (!receivedBy(driver, ann).includes('answer')) await ann.next(driver.event)
      expect(receivedBy(driver, bob).filter((words) => words !== 'answer')).toEqual(['offer'])
    })

    test(`is seen on ${to}: it enters, publishes, signals, unpublishes and leaves`, async () => {
      const room = newRoom()
      const bob = await enter(nodes[to].url, { room })
      const ann = await enter(nodes[from].url, { room, user: 'Ann' })
      expect(await bob.next()).toMatchObject({ event: 'participant', data: { action: 'join', data: { id: ann.id } } })
      const stream = await publishBoth(ann)
      expect(await bob.next()).toMatchObject({ event: 'stream', data: { id: stream, status: 'add' } })
      const subscription = await subscribeBoth(bob, stream)
      await ann.request('soac', { id: subscription, to: bob.id, signaling: { type: 'offer', sdp: 'v=0' } })
      const signal = { id: subscription, status: 'soac', data: { type: 'offer', sdp: 'v=0' } }
      expect((await untilProgress(bob, 'soac')).data).toMatchObject(signal)
      await ann.ask('stream-control', { id: stream, operation: 'pause', data: 'audio' })
      expect((await bob.next('stream')).data).toMatchObject({ id: stream, status: 'update' })
      await ann.ask('unpublish', { id: stream })
      expect((await bob.next('stream')).data).toMatchObject({ id: stream, status: 'remove' })
      await ann.request('logout')
      expect((await bob.next('participant')).data).toEqual({ action: 'leave', data: ann.id })
    })

    test(`counts on the list of open rooms of ${to}`, async () => {
      const room = newRoom()
      const watcher = await connect(nodes[to].url, { namespace: '/rooms' })
      const listed = async () =>
        ((await watcher.request('rooms')).data as { name: string }[]).find(({ name }) => name === room)
      const ann = await inRoom(nodes[from], room)
      expect(await listed()).toEqual({ name: room, size: 1 })
      await inRoom(nodes[to], room)
      await until(async () => JSON.stringify(watcher.seen).includes(JSON.stringify({ name: room, size: 2 })))
      await ann.request('leave_room')
      expect(await listed()).toEqual({ name: room, size: 1 })
    })
  })

  describe.each(directions)('the management API of %s', (from, to) => {
    const call = (...args: Parameters<ReturnType<typeof caller>>) => caller(nodes[from].url)(...args)

    test(`lists, restricts and drops a participant that is connected to ${to}`, async () => {
      const room = newRoom()
      const [ann, bob] = [await enter(nodes[to].url, { room }), await enter(nodes[from].url, { room })]
      const path = `/v1/rooms/${encodeURIComponent(room)}/participants`
      const { body } = await call('GET', path)
      expect((body as { id: string }[]).map(({ id }) => id).toSorted()).toEqual([ann.id, bob.id].toSorted())
      const muted = { op: 'replace', path: '/permission/publish', value: { audio: false, video: false } }
      expect(await call('PATCH', `${path}/${ann.id}`, { body: [muted] })).toMatchObject({ status: 200 })
      const published = { media: { tracks: [{ type: 'audio', source: 'mic' }] }, transport: mesh }
      expect(await ann.request('publish', published)).toEqual(refusal('unauthorized', 'unauthorized'))
      expect(await call('DELETE', `${path}/${ann.id}`)).toMatchObject({ status: 200 })
      await ann.closed
      expect((await bob.next('participant')).data).toEqual({ action: 'leave', data: ann.id })
    })

    test(`sends a message to a room, and takes a stream out of it, whose clients are connected to ${to}`, async () => {
      const room = newRoom()
      const [ann, bob] = [await enter(nodes[to].url, { room }), await enter(nodes[to].url, { room })]
      const path = `/v1/rooms/${encodeURIComponent(room)}`
      const stream = await publishBoth(ann)
      expect(await call('DELETE', `${path}/streams/${stream}`)).toMatchObject({ status: 200 })
      await bob.next('stream')
      expect((await bob.next('stream')).data).toMatchObject({ id: stream, status: 'remove' })
      const { body } = await call('POST', `${path}/messages`, { body: { event: 'notice', data: { level: 3 } } })
      expect(await bob.next('notice')).toMatchObject({ data: { level: 3 }, meta: body })
    })

    test(`closes a room whose clients are connected to ${to}, and its tokens from before are worthless there`, async () => {
      const room = newRoom()
      const path = `/v1/rooms/${encodeURIComponent(room)}`
      const ann = await enter(nodes[to].url, { room })
      const { text: token } = await call('POST', `${path}/tokens`, { body: { user: 'Bob', role: 'presenter' } })
      expect(await call('DELETE', path)).toMatchObject({ status: 200 })
      await ann.closed
      const bob = await connect(nodes[to].url)
      const answer = await bob.request('login', loginInfo({ room, token }))
      expect(answer).toMatchObject({ status: 'error', code: 'token_expired' })
    })

    test(`makes a login token that ${to} accepts, and that no node accepts a second time`, async () => {
      const room = newRoom()
      const path = `/v1/rooms/${encodeURIComponent(room)}/tokens`
      await enter(nodes[to].url, { room })
      const { text: token } = await call('POST', path, { body: { user: 'Bob', role: 'viewer' } })
      const bob = await connect(nodes[to].url)
      expect(await bob.login({ room, token })).toMatchObject({ user: 'Bob', role: 'viewer' })
      await confirmed(bob)
      for (const { url } of [nodes[from], nodes[to]]) {
        const late = await connect(url)
        expect(await late.request('login', loginInfo({ room, token }))).toMatchObject({ code: 'token_used' })
      }
    })

    test('announces a text to everyone on every node, and lists the nodes', async () => {
      const clients = await Promise.all(Object.values(nodes).map(({ url }) => connect(url, { namespace: '/rooms' })))
      const text = `an announcement of ${from}`
      expect((await call('POST', '/v1/announcements', { body: { text } })).status).toBe(200)
      for (const client of clients) expect((await client.next('announcement')).data).toBe(text)
      const { body } = await call('GET', '/v1/nodes')
      const urls = (body as { url: string }[]).map(({ url }) => new URL(url).port)
      expect(urls.toSorted()).toEqual(
        Object.values(nodes)
          .map(({ url }) => new URL(url).port)
          .toSorted(),
      )
    })
  })

  describe.each(directions)('a client connected to %s', (from, to) => {
    test.each([
      { how: 'long-polling', transports: ['polling'] },
      { how: 'an upgrade to WebSocket', transports: ['polling', 'websocket'] },
    ])(`whose requests arrive at ${to} is passed on: $how`, async ({ transports }) => {
      const front = await startRoundRobin(() => [nodes[from], nodes[to]])
      const room = newRoom()
      const ann = await connect(front.url, { transports })
      const engine = ann.socket.io.engine
      await until(async () => engine.transport.name === transports.at(-1))
      await ann.login({ room })
      const bob = await enter(nodes[to].url, { room })
      await bob.ask('text', { to: ann.id, message: 'offer' })
      expect((await ann.next('text')).data).toMatchObject({ message: 'offer' })
      await ann.ask('text', { to: bob.id, message: 'answer' })
      expect((await bob.next('text')).data).toMatchObject({ message: 'answer' })
      expect(`${(engine as { id?: string }).id}`).toMatch(new RegExp(`^${nodes[from].name}\\.`))
    })

    test(`whose request arrives at ${to} is known by the address for which ${to} vouches`, async () => {
      const path = '/socket.io/?EIO=4&transport=polling'
      const open = await (await fetch(`${nodes[from].url}${path}`)).text()
      const { sid } = JSON.parse(open.slice(1)) as { sid: string }
      const address = from === 'old' ? '203.0.113.1' : '203.0.113.2'
      // the log of the refusal names the client's address
      expect(await post(`${nodes[to].url}${path}&sid=${sid}`, 'x'.repeat(4 * 1024 * 1024 + 1), address)).toBe(413)
      await until(async () => nodes[from].output().includes(`"address":"${address}"`))
    })
  })

  test('nodes of both versions answer each other in the same words whether they reach Redis', async () => {
    const answers = Object.values(nodes).map(async ({ url }) => (await fetch(`${url}/node/store`)).json())
    expect(await Promise.all(answers)).toEqual(Object.keys(nodes).map(() => ({ reachable: true })))
  })
})

/** The next notification of a subscription's progress that has this status. */
async function untilProgress(client: Client, status: string) {
  for (;;) {
    const notice = await client.next('progress')
    if ((notice.data as { status?: string }).status === status) return notice
  }
}

/** As a proxy does for a client of this address. Resolves to the status. */
function post(url: string, body: string, address: string): Promise<number | undefined> {
  const headers = { 'X-Forwarded-For': address }
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: 'POST', headers, agent: false, localAddress: proxy }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode))
    })
    asked.on('error', reject).end(body)
  })
}
