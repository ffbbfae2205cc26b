import { request } from 'node:http'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Client, connect, enter, loginInfo, refusal } from '../support/client.ts'
import { type DialectDriver, dialectDrivers, enterBy, receivedBy, resumeBy } from '../support/dialect-drivers.ts'
import { inRoom } from '../support/dialects.ts'
import { caller, managementKeys } from '../support/management-caller.ts'
import { mesh, publishBoth, subscribeBoth } from '../support/media.ts'
import { newRoom } from '../support/node.ts'
import { expectUnharmed } from '../support/process.ts'
import { randomPrefix } from '../support/redis.ts'
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
import { until } from '../support/until.ts'

type Address = { url: string }

/** The address of a proxy that the nodes trust; the nodes have another address. */
const proxy = '127.0.0.7'

/** Ann enters a room on one node, and Bob the same room on another. */
async function enterTwo(driver: DialectDriver, [annAt, bobAt]: [Address, Address]) {
  const room = newRoom()
  const ann = await enterBy(driver, annAt, room)
  const bob = await enterBy(driver, bobAt, room)
  const send = async (from: Client, to: Client, ...all: string[]) => {
    for (const text of all) await driver.send(from, room, text, to)
  }
  return { room, ann, bob, send }
}

/** Takes the next messages of a client's dialect. */
async function takeMessages(client: Client, { event }: DialectDriver, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await client.next(event)
}

/** Resolves when a client's node knows that the client has received everything so far. A confirmation takes some round trips. */
async function confirmed(client: Client): Promise<void> {
  for (let trips = 0; trips < 3; trips += 1) {
    await new Promise((resolve) => client.socket.emit('no such event', resolve))
  }
}

/** The participant of a client's ticket. */
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
    test.each(dialectDrivers)('receives each missed message once, with a ticket alone, in $name', async (driver) => {
      const { ann, bob, send } = await enterTwo(driver, [nodes[from], nodes[to]])
      await send(bob, ann, '1', '2', '3')
      await takeMessages(ann, driver, 3)
      await confirmed(ann)
      ann.cut()
      await send(bob, ann, '4', '5')
      const resumed = await resumeBy(driver, nodes[to], ann)
      await send(bob, ann, '6')
      await takeMessages(resumed, driver, 3)
      expect(participantOf(resumed)).toBe(participantOf(ann))
      expect([receivedBy(driver, ann), receivedBy(driver, resumed)]).toEqual([
        ['1', '2', '3'],
        ['4', '5', '6'],
      ])
    })

    test.each(dialectDrivers)('receives the messages after the `seq` that it names, in $name', async (driver) => {
      const { ann, bob, send } = await enterTwo(driver, [nodes[from], nodes[to]])
      await send(bob, ann, '1')
      await takeMessages(ann, driver, 1)
      const { seq } = ann
      await send(bob, ann, '2', '3')
      await takeMessages(ann, driver, 2)
      ann.cut()
      await send(bob, ann, '4')
      const resumed = await resumeBy(driver, nodes[to], ann, { seq })
      await takeMessages(resumed, driver, 3)
      expect(receivedBy(driver, resumed)).toEqual(['2', '3', '4'])
    })

    test('repeats a request with its `rid`, which is executed once and acked as before', async () => {
      const room = newRoom()
      const [ann, bob] = [await enter(nodes[from].url, { room }), await enter(nodes[to].url, { room })]
      const text = (message: string) => ['text', { to: 'all', message }] as const
      const published = ['publish', { media: { tracks: [{ type: 'audio', source: 'mic' }] }, transport: mesh }] as const
      expect((await ann.request(...text('1'), { rid: 1 })).status).toBe('ok')
      const answer = await ann.request(...published, { rid: 2 })
      ann.cut()
      const resumed = await connect(nodes[to].url)
      await resumed.relogin({ ticket: ann.ticket, seq: ann.seq })
      expect(await resumed.request(...text('1'), { rid: 1 })).toEqual({ status: 'ok' })
      expect(await resumed.request(...published, { rid: 2 })).toEqual(answer)
      expect((await resumed.request(...text('2'), { rid: 3 })).status).toBe('ok')
      const received = await bob.barrier()
      expect(received.flatMap((notification) => textOf(notification) ?? [])).toEqual(['1', '2'])
      expect(received.filter(({ event }) => event === 'stream')).toHaveLength(1)
    })

    test('has a ticket that both nodes accept once', async () => {
      const ann = await enter(nodes[from].url, { room: newRoom() })
      const before = ann.ticket
      const { data: refreshed } = await ann.request('refreshReconnectionTicket')
      const resumed = await connect(nodes[to].url)
      await resumed.relogin(String(refreshed))
      await confirmed(resumed)
      for (const { url } of [nodes[from], nodes[to]]) {
        const client = await connect(url)
        expect(await client.request('relogin', before)).toEqual(refusal('Reconnection is not allowed', 'ticket_spent'))
      }
      const again = await connect(nodes[from].url)
      expect(await again.relogin(resumed.ticket)).toBe(again.ticket)
      expect(again.id).toBe(ann.id)
    })
  })

  // between two nodes of one version too: the outcome is the same
  describe.each([...directions, ['new', 'twin'] as const])(
    'a client that resumes from %s on %s while its connection is open',
    (from, to) => {
      test.each(dialectDrivers)('loses that connection, and receives no message twice, in $name', async (driver) => {
        const { ann, bob, send } = await enterTwo(driver, [nodes[from], nodes[to]])
        await send(bob, ann, '1', '2', '3')
        await takeMessages(ann, driver, 3)
        await confirmed(ann)
        const resumed = await resumeBy(driver, nodes[to], ann)
        await ann.closed
        await send(bob, ann, '4')
        await takeMessages(resumed, driver, 1)
        expect(receivedBy(driver, resumed)).toEqual(['4'])
        expect(JSON.stringify(bob.seen)).not.toMatch(/leave|bye|userLeft/)
      })

      test.each(dialectDrivers)(
        'receives the messages that the old connection did not deliver, in $name',
        async (driver) => {
          const proxy = await startTcpProxy(nodes[from])
          const { room, ann, bob, send } = await enterTwo(driver, [proxy, nodes[to]])
          await send(bob, ann, '1', '2', '3')
          await takeMessages(ann, driver, 3)
          await confirmed(ann)
          proxy.stall('answers')
          await send(bob, ann, '4', '5', '6')
          const resumed = await resumeBy(driver, nodes[to], ann)
          ann.socket.emit(driver.event, 'of the old connection', room)
          await send(bob, ann, '7')
          await takeMessages(resumed, driver, 4)
          expect(receivedBy(driver, resumed)).toEqual(['4', '5', '6', '7'])
          proxy.resume()
          await ann.closed
          expect(receivedBy(driver, bob).filter((text) => `${text}`.startsWith('of'))).toEqual([])
        },
      )

      // signaling is delivered at most once
      test('does not receive signaling again that was sent over the old connection', async () => {
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
        const resumed = await connect(nodes[to].url)
        await resumed.relogin(ann.ticket)
        await signal(4)
        for (const _ of [2, 3, 4]) await resumed.next('text')
        const signaled = resumed.seen.flatMap(({ event, data }) => {
          const { status, data: signaling } = data as { status?: string; data?: { number: number } }
          return event === 'progress' && status === 'soac' ? signaling?.number : []
        })
        expect(resumed.seen.flatMap((notification) => textOf(notification) ?? [])).toEqual(['2', '3', '4'])
        expect(signaled).toEqual([4])
      })
    },
  )

  describe.each(directions)('a request of a client on %s', (from, to) => {
    test.each(dialectDrivers)(`reaches a client on ${to}, whose answer returns, in $name`, async (driver) => {
      const { ann, bob, send } = await enterTwo(driver, [nodes[from], nodes[to]])
      await send(ann, bob, 'offer')
      await takeMessages(bob, driver, 1)
      await send(bob, ann, 'answer')
      while (!receivedBy(driver, ann).includes('answer')) await ann.next(driver.event)
      expect(receivedBy(driver, bob).filter((text) => text !== 'answer')).toEqual(['offer'])
    })

    test(`to enter, publish, signal, unpublish or leave is seen on ${to}`, async () => {
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

    test(`to enter or leave changes the list of open rooms on ${to}`, async () => {
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

    test(`lists, restricts and drops a participant whose connection is on ${to}`, async () => {
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

    test(`sends a message to a room, and removes a stream from it, while its clients are connected to ${to}`, async () => {
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

    test(`closes a room whose clients are connected to ${to}, where its earlier tokens are refused then`, async () => {
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
        const client = await connect(url)
        expect(await client.request('login', loginInfo({ room, token }))).toMatchObject({ code: 'token_used' })
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
    ])(`whose requests arrive at ${to} is served over $how`, async ({ transports }) => {
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

    test(`whose request arrives at ${to} is logged with the client's address that ${to} forwards`, async () => {
      const path = '/socket.io/?EIO=4&transport=polling'
      const open = await (await fetch(`${nodes[from].url}${path}`)).text()
      const { sid } = JSON.parse(open.slice(1)) as { sid: string }
      const address = from === 'old' ? '203.0.113.1' : '203.0.113.2'
      // the log of the refusal names the client's address
      expect(await post(`${nodes[to].url}${path}&sid=${sid}`, 'x'.repeat(4 * 1024 * 1024 + 1), address)).toBe(413)
      await until(async () => nodes[from].output().includes(`"address":"${address}"`))
    })
  })

  test('nodes of both versions give the same answer to the question whether they reach Redis', async () => {
    const answers = Object.values(nodes).map(async ({ url }) => (await fetch(`${url}/node/store`)).json())
    expect(await Promise.all(answers)).toEqual(Object.keys(nodes).map(() => ({ reachable: true })))
  })
})

/** The next notification of a subscription's progress that has this status. */
async function untilProgress(client: Client, status: string) {
  for (;;) {
    const notification = await client.next('progress')
    if ((notification.data as { status?: string }).status === status) return notification
  }
}

/** Sends a request as the trusted proxy of a client with this address. Resolves to the status. */
function post(url: string, body: string, address: string): Promise<number | undefined> {
  const headers = { 'X-Forwarded-For': address }
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: 'POST', headers, agent: false, localAddress: proxy }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode))
    })
    asked.on('error', reject).end(body)
  })
}
