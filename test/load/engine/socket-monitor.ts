import { io, type Socket } from 'socket.io-client'
import type { Connector } from '../../../src/client/link.ts'
import { socketConnector } from '../../../src/client/socket-link.ts'

/**
 * Watches the sockets that a session opens. The SDK drops repeated notifications before the program receives them; the
 * monitor detects whether a node sends one twice, on one connection or below the seq that a relogin named.
 */
export class SocketMonitor {
  readonly connect: Connector
  readonly #open = new Set<Socket>()
  readonly #onRepeat: (description: string) => void

  constructor(onRepeat: (description: string) => void) {
    this.#onRepeat = onRepeat
    this.connect = socketConnector((url, options) => this.#watch(io(url, options)))
  }

  /** Cuts every connection at once, without a close frame or packet. */
  cut(): void {
    for (const socket of this.#open) terminate(socket)
  }

  #watch(socket: Socket): Socket {
    let lastSeq = -1
    this.#open.add(socket)
    socket.once('disconnect', () => this.#open.delete(socket))
    socket.once('connect_error', () => this.#open.delete(socket))
    socket.onAnyOutgoing((event: string, data: unknown) => {
      if (event === 'relogin') lastSeq = seqOf(data) ?? lastSeq
    })
    socket.prependAny((event: string, ...args: unknown[]) => {
      const seq = seqOf(args.at(-1))
      if (seq === undefined) return
      if (seq <= lastSeq) this.#onRepeat(`${event} with seq ${seq}, after ${lastSeq}`)
      lastSeq = Math.max(lastSeq, seq)
    })
    return socket
  }
}

function seqOf(data: unknown): number | undefined {
  const { seq } = (typeof data === 'object' && data !== null ? data : {}) as { seq?: unknown }
  return typeof seq === 'number' ? seq : undefined
}

function terminate(socket: Socket): void {
  const { engine } = socket.io as { engine?: { transport?: { ws?: { terminate?: () => void } }; close(): void } }
  const { ws } = engine?.transport ?? {}
  if (ws?.terminate) ws.terminate()
  else engine?.close() // polling, or a WebSocket that is not of the ws package
}
