import { type Client, cpuOf, enter } from './clients.ts'
import { compare, median, readArguments, report } from './comparison.ts'
import type { Server } from './servers.ts'

/**
 * `npm run bench:message`: the cost of durability. Clients on different nodes send each other directed messages with an
 * ack. Reports the servers' CPU time per message and the time from sending to receipt, and those of bare Socket.IO on its
 * Redis adapter.
 * Usage: npm run bench:message -- [--dist folder of another build] [clients] [messages per second] [seconds per round] [rounds]
 */
const { numbers, candidates } = readArguments()
const [clients = 400, rate = 2000, seconds = 10, rounds = 3] = numbers

type Round = { cpu: number; p50: number; p99: number; delivered: number }

/** Distributes the clients over the nodes, warms the servers up, then measures. */
async function load(servers: Server[], durable: boolean): Promise<Round> {
  const people = await Promise.all(
    Array.from({ length: clients }, (_, index) =>
      enter((servers[index % servers.length] as Server).url, `bench-${index >> 3}`, `u${index}`, durable),
    ),
  )
  await send(servers, people, rate * 3)
  const round = await send(servers, people, rate * seconds)
  for (const { socket } of people) socket.disconnect()
  return round
}

/** Sends at a steady rate without waiting for acks. Resolves to the measurements when all messages are delivered. */
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
    const dueCount = Math.min(total, ((performance.now() - start) / 1000) * rate)
    for (; sent < dueCount; sent += 1) {
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

function times(rounds: Round[]): string {
  const of = (pick: (round: Round) => number) => median(rounds.map(pick)).toFixed(2)
  return `, ${of(({ p50 }) => p50)} ms p50, ${of(({ p99 }) => p99)} ms p99`
}

console.log(`${clients} clients, ${rate} directed messages/s for ${seconds} s, ${rounds} rounds`)
for (const nodes of [2, 4]) {
  console.log(`${nodes} nodes:`)
  report(await compare({ candidates, nodes, rounds }, load), 'message', times)
}
