import { io, type Socket } from 'socket.io-client'
import { writeToken } from '../src/core/tokens.ts'
import { type Server, secret, startBare, startNode, startRedis } from './servers.ts'

/**
 * `npm run bench:message`: what durability costs. Directed messages with an ack between clients on different nodes, by
 * Signalbox and by bare Socket.IO on its Redis adapter, in turn in one run. Reports the servers' CPU per delivered
 * message and the time from send to receipt, and the ratio of each pair of rounds.
 * Usage: npm run bench:message -- [clients] [messages per second] [seconds per round] [pairs of rounds]
 */
const [clients = 400, rate = 2000, seconds = 10, pairs = 3] = process.argv.slice(2).map(Number)

type Round = { cpu: number; p50: number; p99: number; delivered: number }
type Client = { socket: Socket; id: string }

async function enter(url: string, user: string, durable: boolean): Promise<Client> {
  const socket = io(url, { transports: ['websocket'], forceNew: true })
  const host = { host: 'localhost', secure: false }
  const room = `bench-${Number(user.slice(1)) >> 3}`
  const claims = { room, user, role: 'presenter' }
  const login = {
    token: writeToken([secret], claims, host, Date.now() + 60_000),
    userAgent: { sdk: { type: 'JavaScript', version: '5.1' } },
    protocol: '1.2',
  }
  const [status, data] = await new Promise<[string, { id: string }]>((resolve) =>
    socket.emit('login', durable ? login : user, (...ack: [string, { id: string }]) => resolve(ack)),
  )
  if (status !== 'ok') throw new Error(`login: ${String(data)}`)
  return { socket, id: data.id }
}

/** Puts everyone on a node, warms the servers up, then measures. */
async function load(servers: Server[], durable: boolean): Promise<Round> {
  const people = await Promise.all(
    Array.from({ length: clients }, (_, index) =>
      enter((servers[index % servers.length] as Server).url, `u${index}`, durable),
    ),
  )
  await send(servers, people, rate * 3)
  const round = await send(servers, people, rate * seconds)
  for (const { socket } of people) socket.disconnect()
  return round
}

/** Sends at an even pace, whatever comes back; resolves with what was measured once all is delivered. */
async function send(servers: Server[], people: Client[], total: number): Promise<Round> {
  const times: number[] = []
  const done = new Promise<void>((resolve) => {
    for (const { socket } of people) {
      socket.off('text').on('text', ({ message }: { message: string }) => {
        times.push(performance.now() - Number(message.split(' ', 1)[0]))
        if (times.length === total) resolve()
      })
    }
  })
  const before = await cpuOf(servers)
  const padding = 'x'.repeat(500)
  const start = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    const wanted = Math.min(total, ((performance.now() - start) / 1000) * rate)
    for (; sent < wanted; sent += 1) {
      const from = people[sent % clients] as Client
      const to = people[(sent % clients) ^ 1] as Client
      from.socket.emit('text', { to: to.id, message: `${performance.now()} ${padding}` }, () => {})
    }
    if (sent >= total) clearInterval(timer)
  }, 2)
  await done
  const cpu = (await cpuOf(servers)) - before
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0
  return { cpu: (cpu / total) * 1e6, p50: at(0.5), p99: at(0.99), delivered: times.length }
}

async function cpuOf(servers: Server[]): Promise<number> {
  const all = await Promise.all(servers.map(({ cpu }) => cpu()))
  return all.reduce((sum, cpu) => sum + cpu, 0)
}

async function round(nodes: number, durable: boolean, redisUrl: string): Promise<Round> {
  const start = durable ? startNode : startBare
  const servers = await Promise.all(Array.from({ length: nodes }, () => start(redisUrl)))
  try {
    return await load(servers, durable)
  } finally {
    await Promise.all(servers.map(({ stop }) => stop()))
  }
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0
}

function report(name: string, rounds: Round[]): void {
  const of = (pick: (round: Round) => number, digits: number) => median(rounds.map(pick)).toFixed(digits).padStart(8)
  console.log(
    `${name.padEnd(24)} ${of(({ cpu }) => cpu, 0)} µs CPU/message ${of(({ p50 }) => p50, 2)} ms p50 ${of(({ p99 }) => p99, 2)} ms p99`,
  )
}

const redis = await startRedis()
try {
  console.log(`${clients} clients, ${rate} directed messages/s for ${seconds} s, ${pairs} pairs of rounds, medians`)
  for (const nodes of [2, 4]) {
    const ours: Round[] = []
    const bare: Round[] = []
    for (let pair = 0; pair < pairs; pair += 1) {
      const order = pair % 2 === 0 ? [true, false] : [false, true]
      for (const durable of order) (durable ? ours : bare).push(await round(nodes, durable, redis.url))
    }
    report(`${nodes} nodes, Signalbox`, ours)
    report(`${nodes} nodes, bare adapter`, bare)
    const ratios = ours.map(({ cpu }, index) => cpu / (bare[index]?.cpu ?? 1))
    console.log(
      `${' '.repeat(24)} CPU ratio ${median(ratios).toFixed(2)} (${ratios.map((r) => r.toFixed(2)).join(', ')})`,
    )
  }
} finally {
  await redis.stop()
}
