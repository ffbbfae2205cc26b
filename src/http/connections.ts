import type { Server } from 'node:http'
import type { DropArgument, Socket } from 'node:net'
import type { Refused } from './errors.ts'

/**
 * The TCP connections of a server, also those that were upgraded: `close` waits for them, and `closeAllConnections` does
 * not know of them.
 */
export class HttpConnections {
  readonly #open = new Set<Socket>()

  /** @param max concurrent connections; Node closes further ones before it reads from them */
  constructor(server: Server, max: number, refused: Refused) {
    server.maxConnections = max
    server.on('drop', (dropped?: DropArgument) => refused('tcp_connections', { address: dropped?.remoteAddress }))
    server.on('connection', (socket: Socket) => {
      this.#open.add(socket)
      socket.once('close', () => this.#open.delete(socket))
    })
  }

  /** Cuts those that are still open, whatever is under way on them. */
  cut(): void {
    for (const socket of this.#open) socket.destroy()
  }
}
