import { Redis } from 'ioredis'
import { io, type Socket } from 'socket.io-client'
import { writeToken } from '../src/core/auth/tokens.ts'
import { type Server, secret, startNode, startRedis } from './servers.ts'

/**
 * `npm run bench:recovery`: how the other nodes recover the clients of a killed node. The clients are in rooms of two.
 * One of each pair resumes at once on another node; the other never does. Reports the time until all are in the reconnect
 * window, until the last has resumed, and from the end of the window until the last of the others is removed.
 * Usage: npm run bench:recovery -- [clients] [seconds of the window]
 */
const [clients = 4000, window = 15] = process.argv.slice(2).map(Number)

type Client = { socket: Socket; ticket: string }

async function request<T>(socket: Socket, event: string, data: unknown): Promise<T> {
  const [status, reply] = await new Promise<[string, T]>((resolve) =>
    socket.emit(event, data, (...ack: [string, T]) => resolve(ack)),
  )
  if (status !== 'ok') throw new Error(`${event}: ${String(reply)}`)
  return reply
}

async function enter({ url }: Server, index: number): Promise<Client> {
  const socket = io(url, { transports: ['websocket'], forceNew: true, reconnection: false })
  const claims = { room: `bench-${index >> 1}`, user: `u${index}`, role: 'presenter' }
  const { reconnectionTicket } = await request<{ reconnectionTicket: string }>(socket, 'login', {
    token: writeToken([secret], claims, { host: 'localhost', secure: false }, Date.now() + 180_000),
    userAgent: { sdk: { type: 'JavaScript', version: '5.1' } },
    protocol: '1.2',
  })
  return { socket, ticket: reconnectionTicket }
}

/** Logs clients in, 100 at a time: login storms are not measured here. */
async function enterAll(server: Server): Promise<Client[]> {
  const people: Client[] = []
  while (people.length < clients) {
    const group = Array.from({ length: Math.min(100, clients - people.length) }, (_, n) => people.length + n)
    people.push(...(await Promise.all(group.map((index) => enter(server, index)))))
  }
  return people
}

/** Waits for the condition. @returns seconds since `start` */
async function secondsUntil(start: number, condition: () => Promise<boolean>): Promise<string> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20))
  return ((performance.now() - start) / 1000).toFixed(2)
}

async function resume(ticket: string, { url }: Server): Promise<Socket> {
  const socket = io(url, { transports: ['websocket'], forceNew: true })
  await request(socket, 'relogin', ticket)
  return socket
}

const redis = await startRedis()
const admin = new Redis(redis.url)
const options = { RECONNECT_WINDOW: String(window), MAX_CONNECTIONS: '100000', TICKET_TTL: '600' }
const servers = await Promise.all(['a', 'b', 'c'].map((id) => startNode(redis.url, { ...options, NODE_ID: id })))
const [killedNode, ...survivors] = servers as [Server, Server, Server]
try {
  const people = await enterAll(killedNode)
  console.log(`${clients} clients in ${clients / 2} rooms, all on one of three nodes; window ${window} s`)
  const killed = performance.now()
  const cut = Promise.all(
    people.map(({ socket }) => new Promise<void>((done) => socket.once('disconnect', () => done()))),
  )
  await killedNode.stop('SIGKILL')
  await cut
  const waiting = () => admin.zcard('sb:waiting')
  console.log(
    `all in the window      ${await secondsUntil(killed, async () => (await waiting()) === clients)} s after SIGKILL`,
  )
  const waitingSince = performance.now()
  const returning = people.filter((_, index) => index % 2 === 0)
  const back = await Promise.all(returning.map(({ ticket }, index) => resume(ticket, survivors[index % 2] as Server)))
  console.log(
    `half of them resumed   ${await secondsUntil(waitingSince, async () => true)} s after they began, all at once`,
  )
  await secondsUntil(waitingSince, async () => performance.now() - waitingSince > window * 1000)
  const over = performance.now()
  console.log(
    `the others removed     ${await secondsUntil(over, async () => (await waiting()) === 0)} s after the last one's window`,
  )
  for (const socket of back) socket.disconnect()
} finally {
  admin.disconnect()
  await Promise.all(servers.map(({ stop }) => stop()))
  await redis.stop()
}
