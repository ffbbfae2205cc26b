import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Sample } from './counters.ts'

/** What a worker of artillery tells the command that started it. */
export type Told = { hello: { node: string } } | { sample: Sample } | { fatal: string }
/** What it is told: everyone loses the connection now; everyone finishes what is under way and leaves. */
export type Order = 'cut' | 'finish'

/** Where the line is, for those who are started with it in their environment. */
export const lineVariable = 'SIGNALBOX_LOAD_LINE'

export type Line<Out> = { say(what: Out): void; close(): void }

/** One JSON value a line, both ways. */
function speak<In, Out>(socket: Socket, hear: (what: In) => void): Line<Out> {
  createInterface({ input: socket }).on('line', (line) => hear(JSON.parse(line) as In))
  return { say: (what) => socket.write(`${JSON.stringify(what)}\n`), close: () => socket.destroy() }
}

/** @throws Error when nobody listens there */
export async function callHome(path: string, hear: (order: Order) => void, lost: () => void): Promise<Line<Told>> {
  const socket = connect(path)
  await once(socket, 'connect')
  socket.on('error', () => {}) // `close` follows
  socket.once('close', lost)
  return speak<Order, Told>(socket, hear)
}

/** The other end, for all workers. */
export type Switchboard = { path: string; order(order: Order): void; close(): void }

/** @param hear is told by which worker, in the order in which they called */
export async function openSwitchboard(hear: (told: Told, worker: number) => void): Promise<Switchboard> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-load-'))
  const path = join(folder, 'line')
  const lines = new Set<Line<Order>>()
  let given: Order | undefined
  const server = createServer((socket) => {
    const worker = lines.size
    const line = speak<Told, Order>(socket, (told) => hear(told, worker))
    lines.add(line)
    socket.on('error', () => {})
    if (given) line.say(given)
  })
  server.listen(path)
  await once(server, 'listening')
  return {
    path,
    order: (order) => {
      if (order === 'finish') given = order // also for those who call later
      for (const line of lines) line.say(order)
    },
    close: () => {
      for (const line of lines) line.close()
      server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
