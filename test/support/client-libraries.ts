import { createRequire } from 'node:module'
import { io as io4, type Socket } from 'socket.io-client'
import { Client } from './client.ts'

type Connect = (url: string, options: object) => Socket
const require = createRequire(import.meta.url)

/** Each client library that OWT's SDKs and their users have; 2.x speaks Socket.IO protocol 4. */
export const libraries: [string, Connect][] = [
  ['2.x', require('socket.io-client-2')],
  ['3.x', require('socket.io-client-3').io],
  ['4.x', io4],
]

/** Connected with one of them, and not by itself again. Who starts it disconnects it. */
export async function startWith(io: Connect, url: string, transports: string[]): Promise<Client> {
  const client = wrap(io(url, { transports, forceNew: true, reconnection: false }))
  await client.connected
  return client
}

/** 2.x has no onAny: what it gives to listeners is taken where it does so. */
function wrap(socket: Socket): Client {
  if (typeof socket.onAny === 'function') return new Client(socket)
  const client: Client = new Client(
    Object.assign(socket, { onAny: (hear: (...args: unknown[]) => void) => hearAll(socket, hear) }),
  )
  return client
}

function hearAll(socket: Socket, hear: (...args: unknown[]) => void): Socket {
  for (const event of ['participant', 'text', 'stream', 'progress', 'drop']) {
    socket.on(event, (...args: unknown[]) => hear(event, ...args))
  }
  return socket
}
