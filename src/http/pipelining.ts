import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Refused } from './errors.ts'

/** Browsers, proxies and Node's clients have one request at a time on a connection; a response may still be on its way. */
const maxOpenRequests = 8

/**
 * Closes a connection that sends further requests while so many of its requests have no complete response. Node parses and
 * serves every request of a chunk before it does anything else, and a chunk of 64 KiB has 2000 of them.
 * Call it after the last listener for requests was added: those that exist get the other requests.
 */
export function limitPipelining(server: Server, refused: Refused): void {
  const openRequests = new WeakMap<Socket, number>()
  const listeners = server.listeners('request')
  server.removeAllListeners('request')
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    // the rest of the chunk is parsed nevertheless
    if (socket.destroyed) return
    const open = openRequests.get(socket) ?? 0
    if (open === maxOpenRequests) {
      refused('http_pipelining', { address: socket.remoteAddress })
      socket.destroy()
      return
    }
    openRequests.set(socket, open + 1)
    response.once('close', () => openRequests.set(socket, (openRequests.get(socket) ?? 1) - 1))
    for (const listener of listeners) listener.call(server, request, response)
  })
}
