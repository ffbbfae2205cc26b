import { type Client, cpuOf, enter } from './clients.ts'
import { compare, readArguments, report } from './comparison.ts'
import type { Server } from './servers.ts'

/**
 * `npm run bench:fanout`: the CPU cost of a message to a whole room. All clients are in one room, spread over the nodes;
 * they send to `all` in turn. Reports the servers' CPU time per delivered message, and that of bare Socket.IO on its Redis adapter.
 * Usage: npm run bench:fanout -- [--dist folder of another build] [clients] [nodes] [messages per second] [seconds per round] [rounds]
 */
const { numbers, candidates } = readArguments()
const [clients = 1000, nodes = 4, rate = 5, seconds = 10, rounds = 3] = numbers

/** Each login sends a notification to all who are in the room already, so only a few run at a time. */
const concurrentLogins = 20

async function enterAll(servers: Server[], durable: boolean): Promise<Client[]> {
  const people: Client[] = []
  while (people.length < clients) {
    const count = Math.min(concurrentLogins, clients - people.length)
    const logins = Array.from({ length: count }, (_, index) => {
      const number = people.length + index
      return enter((servers[number % nodes] as Server).url, 'bench', `u${number}`, durable)
    })
    people.push(...(await Promise.all(logins)))
  }
  return people
}

/** Sends at a steady rate. @returns the servers' CPU time per delivery, µs, when every client has every message */
async function send(servers: Server[], people: Client[], total: number): Promise<number> {
  const deliveries = total * people.length
  let delivered = 0
  const done = new Promise<void>((resolve) => {
    for (const { socket } of people) {
      socket.off('text').on('text', () => {
        delivered += 1
        if (delivered === deliveries) resolve()
      })
    }
  })
  const before = await cpuOf(servers)
  const message = 'x'.repeat(500)
  let sent = 0
  const timer = setInterval(() => {
    people[sent % people.length]?.socket.emit('text', { to: 'all', message }, () => {})
    sent += 1
    if (sent === total) clearInterval(timer)
  }, 1000 / rate)
  await done
  return (((await cpuOf(servers)) - before) / deliveries) * 1e6
}

async function measure(servers: Server[], durable: boolean): Promise<{ cpu: number }> {
  const people = await enterAll(servers, durable)
  await send(servers, people, rate * 3) // warms the servers up
  const cpu = await send(servers, people, rate * seconds)
  for (const { socket } of people) socket.disconnect()
  return { cpu }
}

console.log(
  `${clients} clients in one room on ${nodes} nodes, ${rate} messages/s to all for ${seconds} s, ${rounds} rounds`,
)
report(await compare({ candidates, nodes, rounds }, measure), 'delivery')
