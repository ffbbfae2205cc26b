import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * The TCP connections of a server, also those that were upgraded: `close` waits for them, and `closeAllConnections` does
 * not know of them.
 */
export class HttpConnections {
  readonly #open = new Set<Socket>()

  constructor(server: Server) {
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
