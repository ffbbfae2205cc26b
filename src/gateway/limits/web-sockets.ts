import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws'
import { queryOf } from '../engine-internals.ts'
import { rejectHandshake } from '../handshake/reject-handshake.ts'
import type { FloodLimits } from './flood-control.ts'
import type { NodeMemoryBudget } from './memory-budget.ts'
import { Pongs } from './pongs.ts'
import { ReadLimiter } from './read-limiter.ts'
import { ReadTurns } from './read-turns.ts'
import { WebSocketInput } from './web-socket-input.ts'

const options = {
  autoPong: false,
  /** How long a client may take to answer a close frame, ms. */
  closeTimeout: 5000,
  /** ws keeps each fragment and chunk as an object: many small ones cost far more memory than their bytes. */
  maxFragments: 16_384,
  maxBufferedChunks: 16_384,
}

export type WebSocketDeps = {
  memory: NodeMemoryBudget
  /** Whether the Engine.IO connection with this id may be upgraded to a WebSocket. */
  mayUpgrade: (sid: string) => boolean
}

/** Counts and logs a refused request, frame or connection. */
export type NoteRefusal = (reason: string, request: IncomingMessage, message: string) => void

type Done = (webSocket: WebSocket, request: IncomingMessage) => void

/**
 * The `wsEngine` of Engine.IO: a WebSocketServer that limits its connections from their first byte, even before Engine.IO has
 * taken them over, and after it has closed them.
 */
export function limitedWebSocketServer(
  limits: FloodLimits,
  refuse: NoteRefusal,
  { memory, mayUpgrade }: WebSocketDeps,
): new (
  given: ServerOptions,
) => WebSocketServer {
  return class extends WebSocketServer {
    readonly #turns = new ReadTurns()
    /** The ids of the Engine.IO connections whose WebSocket from an upgrade is still open. */
    readonly #upgrades = new Set<string>()

    constructor(given: ServerOptions) {
      super({ ...given, ...options })
    }

    override handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, done: Done): void {
      const { sid = '' } = queryOf(request) // Engine.IO treats an empty sid as absent
      const problem = this.#problemOf(request, sid)
      if (problem !== undefined) {
        refuse('bad_handshake', request, 'connection refused')
        rejectHandshake(request, problem, 400)
        return
      }
      let upgraded = false
      super.handleUpgrade(request, socket, head, (webSocket) => {
        upgraded = true
        this.#limit(webSocket, socket, sid, (reason, message) => refuse(reason, request, message))
        done(webSocket, request)
      })
      if (!upgraded) refuse('bad_handshake', request, 'connection refused')
    }

    /** Why a WebSocket cannot be upgraded. Engine.IO would complete its handshake, and then close it without counting it. */
    #problemOf(request: IncomingMessage, sid: string): string | undefined {
      if (queryOf(request).transport !== 'websocket') return 'Only transport=websocket can be upgraded'
      const refused = sid !== '' && (this.#upgrades.has(sid) || !mayUpgrade(sid))
      return refused ? 'The connection has a WebSocket already, or cannot be upgraded' : undefined
    }

    #limit(webSocket: WebSocket, socket: Duplex, sid: string, refuse: (reason: string, message: string) => void): void {
      const input = new WebSocketInput(webSocket, () => refuse('node_memory', 'connection closed'))
      memory.add(input)
      if (sid !== '') this.#upgrades.add(sid)
      webSocket.once('close', () => {
        memory.remove(input)
        if (sid !== '') this.#upgrades.delete(sid)
      })
      new ReadLimiter(webSocket, socket, { limits, turns: this.#turns, refuse })
      const pongs = new Pongs(webSocket)
      webSocket.on('ping', (data) => pongs.answer(data))
      webSocket.on('error', (error) => {
        const reason = reasonOf(error)
        if (reason) refuse(reason, 'connection closed')
      })
    }
  }
}

/** The reason if ws closes a connection because of what its client sent; undefined if the connection was lost. */
function reasonOf({ code = '' }: Error & { code?: string }): string | undefined {
  if (/^WS_ERR_(UNSUPPORTED_|TOO_MANY_)/.test(code)) return 'frame_too_large'
  return code.startsWith('WS_ERR_') ? 'bad_packet' : undefined
}
