import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Sample } from './counters.ts'

/** What a worker of artillery sends to the command that started it. */
export type WorkerMessage = { hello: { node: string } } | { sample: Sample } | { fatal: string }
/** What the command sends back. `cut`: all users lose their connection now. `finish`: all users complete what they are doing and leave. */
export type Command = 'cut' | 'finish'

/** The environment variable in which a worker finds the path of the command's socket. */
export const controlPathVariable = 'SIGNALBOX_LOAD_LINE'

export type ControlChannel<Out> = { send(message: Out): void; close(): void }

/** One JSON value per line, in both directions. */
function channelOver<In, Out>(socket: Socket, onMessage: (message: In) => void): ControlChannel<Out> {
  createInterface({ input: socket }).on('line', (line) => onMessage(JSON.parse(line) as In))
  return { send: (message) => socket.write(`${JSON.stringify(message)}\n`), close: () => socket.destroy() }
}

/** A worker's end of the channel. @throws Error when no command listens at `path` */
export async function connectToCommand(
  path: string,
  onMessage: (message: Command) => void,
  onLost: () => void,
): Promise<ControlChannel<WorkerMessage>> {
  const socket = connect(path)
  await once(socket, 'connect')
  socket.on('error', () => {}) // `close` follows
  socket.once('close', onLost)
  return channelOver<Command, WorkerMessage>(socket, onMessage)
}

/** The command's end, for all workers. */
export type ControlServer = { path: string; send(command: Command): void; close(): void }

/** @param onMessage gets the worker's number too: its place in the order of connecting */
export async function startControlServer(
  onMessage: (message: WorkerMessage, worker: number) => void,
): Promise<ControlServer> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-load-')) // only this user can open the socket
  const path = join(folder, 'control')
  const channels = new Set<ControlChannel<Command>>()
  let finish: Command | undefined
  const server = createServer((socket) => {
    const worker = channels.size
    const channel = channelOver<WorkerMessage, Command>(socket, (message) => onMessage(message, worker))
    channels.add(channel)
    socket.on('error', () => {})
    if (finish) channel.send(finish)
  })
  server.listen(path)
  await once(server, 'listening')
  return {
    path,
    send: (command) => {
      if (command === 'finish') finish = command // also for workers that connect later
      for (const channel of channels) channel.send(command)
    },
    close: () => {
      for (const channel of channels) channel.close()
      server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
