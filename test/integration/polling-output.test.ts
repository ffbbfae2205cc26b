import { once } from 'node:events'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { enter, loginInfo } from '../support/client.ts'
import { libraries } from '../support/client-libraries.ts'
import { newRoom, startNode, type TestNode } from '../support/node.ts'
import { Poller } from '../support/poller.ts'
import { until } from '../support/until.ts'

/** The answers of a node to a client that polls, whose library may limit the packets of a payload. */

const unknownSession = { status: 400, body: JSON.stringify({ code: 1, message: 'Session ID unknown' }) }
const separator = '\x1e'

/** The packets of payloads of revision 4, or of revision 3, where each has its length in front. */
function packetsOf(payload: string): string[] {
  if (!/^\d+:/.test(payload)) return payload.split(separator)
  const packets: string[] = []
  for (let rest = payload; rest !== ''; ) {
    const [head = '', length = ''] = /^(\d+):/.exec(rest) ?? []
    packets.push(rest.slice(head.length, head.length + Number(length)))
    rest = rest.slice(head.length + Number(length))
  }
  return packets
}

const numberOf = (packet: string) => Number(/"message":"(\d+)"/.exec(packet)?.[1])
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)
const eventOf = (revision: number, packet: string) => (revision === 4 ? packet : `${packet.length}:${packet}`)

/** Logs in a client that polls, and a sender of texts in the same room. */
async function inRoom(node: TestNode, revision = 4) {
  const room = newRoom()
  const sender = await enter(node.url, { room })
  const poller = await Poller.connect(node, revision)
  await poller.post(eventOf(revision, `420${JSON.stringify(['login', loginInfo({ room, user: 'poller' })])}`))
  const [ack = ''] = packetsOf(await poller.get()).filter((packet) => packet.startsWith('430'))
  const [, { reconnectionTicket }] = JSON.parse(ack.slice(3))
  const sendTexts = async (first: number, last: number) => {
    const numbers = upTo(last).slice(first - 1)
    await Promise.all(numbers.map((number) => sender.ask('text', { to: 'all', message: `${number}` })))
  }
  return { room, sender, poller, ticket: reconnectionTicket as string, sendTexts }
}

/** Polls until the text with the number `last` has arrived. Resolves to the payloads. */
async function pollUntil(poller: Poller, last: number): Promise<string[][]> {
  const payloads: string[][] = []
  while (!payloads.flat().some((packet) => numberOf(packet) === last)) payloads.push(packetsOf(await poller.get()))
  return payloads
}

function expectPayloads(payloads: string[][], last: number): void {
  expect(Math.max(...payloads.map((packets) => packets.length))).toBe(10)
  const numbers = payloads.flat().map(numberOf)
  expect(numbers.filter((number) => !Number.isNaN(number))).toEqual(upTo(last))
}

describe.each([4, 3])('a client that polls with revision %i of Engine.IO', (revision) => {
  test('receives a burst of notifications in payloads of at most ten packets, in order', async () => {
    const node = await startNode()
    const { poller, sendTexts } = await inRoom(node, revision)
    await sendTexts(1, 95)
    const firstPayloads = await pollUntil(poller, 20)
    await sendTexts(96, 120) // while earlier texts still wait
    expectPayloads([...firstPayloads, ...(await pollUntil(poller, 120))], 120)
  })

  test('receives a replay in payloads of at most ten packets, in order', async () => {
    const node = await startNode()
    const { poller, ticket, sendTexts } = await inRoom(node, revision)
    await poller.post(eventOf(revision, '1'))
    await until(async () => node.app.sessions.disconnections.waiting.length === 1)
    await sendTexts(1, 200)
    const resumed = await Poller.connect(node, revision)
    await resumed.post(eventOf(revision, `420${JSON.stringify(['relogin', ticket])}`))
    expectPayloads(await pollUntil(resumed, 200), 200)
  })
})

test('a hundred answers and the refusal of a login arrive in payloads of at most ten packets before the disconnect', async () => {
  const node = await startNode()
  const poller = await Poller.connect(node)
  const texts = upTo(100).map((id) => `42${id}${JSON.stringify(['text', { to: 'all', message: 'early' }])}`)
  const login = `420${JSON.stringify(['login', loginInfo({ room: newRoom(), token: 'x' })])}`
  await poller.post([...texts, login].join(separator))
  const payloads: string[][] = []
  for (;;) {
    const answer = await poller.poll()
    if (answer.status !== 200) {
      expect(answer).toEqual(unknownSession)
      break
    }
    payloads.push(packetsOf(answer.body))
  }
  const packets = payloads.flat()
  expect(packets.filter((packet) => packet.startsWith('43'))).toHaveLength(101)
  expect(packets.at(-1)).toBe('41')
  expect(Math.max(...payloads.map(({ length }) => length))).toBe(10)
})

describe('a client that upgrades to WebSocket', () => {
  /** Sends the probe of an upgrade. Resolves when the node has answered it. */
  async function probe(poller: Poller) {
    const webSocket = new WebSocket(poller.url.replace('http', 'ws').replace('polling', 'websocket'))
    onTestFinished(() => webSocket.close())
    const packets: string[] = []
    webSocket.on('message', (data) => packets.push(String(data)))
    await once(webSocket, 'open')
    webSocket.send('2probe')
    await until(async () => packets.includes('3probe'))
    return { packets, upgrade: () => webSocket.send('5') }
  }

  test('receives the packets that wait for its polls over the WebSocket, in order', async () => {
    const node = await startNode()
    const { poller, sendTexts } = await inRoom(node)
    await sendTexts(1, 45)
    const polled = packetsOf(await poller.get())
    const { packets, upgrade } = await probe(poller)
    upgrade()
    await sendTexts(46, 60)
    await until(async () => packets.some((packet) => numberOf(packet) === 60))
    const numbers = [...polled, ...packets].map(numberOf)
    expect(numbers.filter((number) => !Number.isNaN(number))).toEqual(upTo(60))
  })

  test('receives an empty answer to the poll that still waits', async () => {
    const node = await startNode()
    const { poller } = await inRoom(node)
    const { upgrade } = await probe(poller)
    const polled = poller.poll()
    upgrade()
    expect(await polled).toEqual({ status: 200, body: '6' })
  })
})

describe('a poll of a connection that the node ends is answered with "Session ID unknown"', () => {
  const endings: [string, (node: TestNode) => unknown][] = [
    ['cuts it', ({ app }) => [...app.sessions.all].at(-1)?.connection.cut()],
    ['drains', ({ app }) => app.drain()],
    ['ends', (node) => node.close()],
  ]
  test.each(endings)('when the node %s while a poll waits', async (_how, endConnection) => {
    const node = await startNode({ env: { DRAIN_SECONDS: 0 } })
    const { poller } = await inRoom(node)
    const polled = (async () => {
      for (;;) {
        const answer = await poller.poll()
        if (answer.status !== 200) return answer
        expect(packetsOf(answer.body)).not.toContain('1')
      }
    })()
    await until(async () => Object.values(clientsOf(node)).some(({ transport }) => transport.writable))
    await endConnection(node)
    expect(await polled).toEqual(unknownSession)
  })

  test.each(libraries)('after which socket.io-client %s reconnects', async (_version, io) => {
    const node = await startNode()
    const socket = io(node.url, { transports: ['polling'], forceNew: true, reconnectionDelay: 10 })
    onTestFinished(() => void socket.disconnect())
    const connections: string[] = []
    socket.on('connect', () => connections.push(socket.io.engine.id))
    await until(async () => connections.length === 1)
    await until(async () => Object.values(clientsOf(node)).some(({ transport }) => transport.writable))
    node.app.io.sockets.sockets.forEach(({ conn }) => {
      conn.close()
    })
    await until(async () => connections.length === 2)
    expect(connections[0]).not.toBe(connections[1])
  })

  test('when the node drains between two polls, after the polls for all earlier packets', async () => {
    const node = await startNode({ env: { DRAIN_SECONDS: 0 } })
    const { poller, sendTexts } = await inRoom(node)
    await sendTexts(1, 30)
    const drained = node.app.drain()
    const packets: string[] = []
    for (;;) {
      const answer = await poller.poll()
      if (answer.status !== 200) {
        expect(answer).toEqual(unknownSession)
        break
      }
      packets.push(...packetsOf(answer.body))
    }
    expect(packets.map(numberOf).filter((number) => !Number.isNaN(number))).toEqual(upTo(30))
    expect(packets).not.toContain('1')
    await drained
  })
})

type Engine = { transport: { writable: boolean; name: string } }
const clientsOf = ({ app }: TestNode) =>
  Object.fromEntries(
    Object.entries((app.io.engine as unknown as { clients: { [id: string]: Engine } }).clients).filter(
      ([, { transport }]) => transport.name === 'polling',
    ),
  )
