import { io, type Socket } from 'socket.io-client'
import { type Connector, socketConnector } from '../../../src/client/link.ts'

/**
 * What is under a session: the sockets that it opens. The SDK drops what it has seen, so that a program never sees a
 * message twice; here is seen whether a node sends one twice, on one connection or beyond the seq a relogin named.
 */
export class Tap {
  readonly connect: Connector
  readonly #open = new Set<Socket>()
  readonly #repeated: (what: string) => void

  constructor(repeated: (what: string) => void) {
    this.#repeated = repeated
    this.connect = socketConnector((url, options) => this.#watch(io(url, options)))
  }

  /** Every connection ends, at once and without a word of any protocol above TCP. */
  cut(): void {
    for (const socket of this.#open) destroy(socket)
  }

  #watch(socket: Socket): Socket {
    let seen = -1
    this.#open.add(socket)
    socket.once('disconnect', () => this.#open.delete(socket))
    socket.once('connect_error', () => this.#open.delete(socket))
    socket.onAnyOutgoing((event: string, data: unknown) => {
      if (event === 'relogin') seen = seqOf(data) ?? seen
    })
    socket.prependAny((event: string, ...args: unknown[]) => {
      const seq = seqOf(args.at(-1))
      if (seq === undefined) return
      if (seq <= seen) this.#repeated(`${event} with seq ${seq}, after ${seen}`)
      seen = Math.max(seen, seq)
    })
    return socket
  }
}

function seqOf(data: unknown): number | undefined {
  const { seq } = (typeof data === 'object' && data !== null ? data : {}) as { seq?: unknown }
  return typeof seq === 'number' ? seq : undefined
}

function destroy(socket: Socket): void {
  const { engine } = socket.io as { engine?: { transport?: { ws?: { terminate?: () => void } }; close(): void } }
  const { ws } = engine?.transport ?? {}
  if (ws?.terminate) ws.terminate()
  else engine?.close() // before the upgrade, or not a WebSocket of the ws package
}
