import { createRequire } from 'node:module'
import { io as io4, type Socket } from 'socket.io-client'
import { Client } from './client.ts'

type Connect = (url: string, options: object) => Socket
const require = createRequire(import.meta.url)

/** The versions of socket.io-client that OWT's SDKs use; 2.x speaks Socket.IO protocol 4. */
export const libraries: [string, Connect][] = [
  ['2.x', require('socket.io-client-2')],
  ['3.x', require('socket.io-client-3').io],
  ['4.x', io4],
]

/** Connects with a version of the library, without reconnection. The caller disconnects it. */
export async function startWith(io: Connect, url: string, transports: string[]): Promise<Client> {
  const client = wrap(io(url, { transports, forceNew: true, reconnection: false }))
  await client.connected
  return client
}

/** 2.x has no `onAny`, so this listens to each event that the tests need. */
function wrap(socket: Socket): Client {
  if (typeof socket.onAny === 'function') return new Client(socket)
  const client: Client = new Client(
    Object.assign(socket, { onAny: (listener: (...args: unknown[]) => void) => listenToAll(socket, listener) }),
  )
  return client
}

function listenToAll(socket: Socket, listener: (...args: unknown[]) => void): Socket {
  for (const event of ['participant', 'text', 'stream', 'progress', 'drop']) {
    socket.on(event, (...args: unknown[]) => listener(event, ...args))
  }
  return socket
}
