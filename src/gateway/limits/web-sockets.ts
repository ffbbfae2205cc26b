import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws'
import { FloodControl, type FloodLimits } from './flood-control.ts'
import { FrameCounter } from './frame-counter.ts'
import type { MemoryBudget } from './memory-budget.ts'
import { Pongs } from './pongs.ts'
import { largeReadBytes, ReadTurns } from './read-turns.ts'
import { rejectHandshake } from './reject-handshake.ts'
import { WebSocketInput } from './web-socket-input.ts'

const options = {
  autoPong: false,
  /** How long a client may take to answer a close frame. */
  closeTimeout: 5000,
  /** ws keeps each as an object of its own: many small ones cost far more than their bytes. */
  maxFragments: 16_384,
  maxBufferedChunks: 16_384,
}
/** How many frames of one read ws may handle in one turn of the event loop. */
const maxFramesATurn = 64
/** A pause is worth a timer from here on. */
const minPauseMs = 50
/** A client that would have to wait longer than this is disconnected: its heartbeat could not be read either. */
const maxPauseMs = 15_000

type UpgradeRequest = IncomingMessage & { _query?: { sid?: string; transport?: string } }

/** What the limits of WebSockets need to know of the node. */
export type WebSocketParts = {
  memory: MemoryBudget
  /** Whether a session may be upgraded to a WebSocket. */
  mayUpgrade: (sid: string) => boolean
}

/** Counts and logs a refused request, frame or connection. */
export type Refuse = (reason: string, request: IncomingMessage, message: string) => void

/**
 * The `wsEngine` of Engine.IO: a WebSocketServer whose connections are bounded from their first byte, whether or not
 * Engine.IO has taken them over yet, or has closed them already.
 */
export function limitedWebSocketServer(
  limits: FloodLimits,
  refuse: Refuse,
  { memory, mayUpgrade }: WebSocketParts,
): new (
  given: ServerOptions,
) => WebSocketServer {
  return class extends WebSocketServer {
    readonly #turns = new ReadTurns()
    /** The ids of sessions whose upgrade WebSocket is still open. */
    readonly #upgrades = new Set<string>()

    constructor(given: ServerOptions) {
      super({ ...given, ...options })
    }

    override handleUpgrade(
      request: UpgradeRequest,
      socket: Duplex,
      head: Buffer,
      done: (webSocket: WebSocket, request: IncomingMessage) => void,
    ): void {
      const { sid = '', transport } = request._query ?? {} // Engine.IO treats an empty sid as absent
      if (transport !== 'websocket') {
        refuse('bad_handshake', request, 'connection refused')
        rejectHandshake(request, 'Only transport=websocket can be upgraded', 400)
        return
      }
      // Engine.IO would complete the handshake, and only then close the WebSocket without counting it
      if (sid !== '' && (this.#upgrades.has(sid) || !mayUpgrade(sid))) {
        refuse('bad_handshake', request, 'connection refused')
        rejectHandshake(request, 'The session has a WebSocket already, or cannot be upgraded', 400)
        return
      }
      let upgraded = false
      super.handleUpgrade(request, socket, head, (webSocket) => {
        upgraded = true
        const refused = (reason: string, message: string) => refuse(reason, request, message)
        const input = new WebSocketInput(webSocket, () => refused('node_memory', 'connection closed'))
        memory.add(input)
        if (sid !== '') this.#upgrades.add(sid)
        webSocket.once('close', () => {
          memory.remove(input)
          if (sid !== '') this.#upgrades.delete(sid)
        })
        limit(webSocket, socket, { limits, turns: this.#turns }, refused)
        done(webSocket, request)
      })
      if (!upgraded) refuse('bad_handshake', request, 'connection refused')
    }
  }
}

/** Limits what arrives on a WebSocket, whatever its frames are, and what it is answered below Engine.IO. */
function limit(
  webSocket: WebSocket,
  socket: Duplex,
  { limits, turns }: { limits: FloodLimits; turns: ReadTurns },
  refuse: (reason: string, message: string) => void,
): void {
  const flood = new FloodControl(limits)
  const frames = new FrameCounter()
  const pongs = new Pongs(webSocket)
  let paused = false
  let waiting = false
  let closingBytes = 0
  let timer: NodeJS.Timeout | undefined
  const pause = () => {
    paused = true
    webSocket.pause()
    timer = setTimeout(resume, Math.max(minPauseMs, flood.aheadMs)).unref()
  }
  const resume = () => {
    paused = false
    if (flood.aheadMs > 0)
      pause() // what was read before came in meanwhile
    else if (!waiting) webSocket.resume()
  }
  const waitForTurn = () => {
    waiting = true
    webSocket.pause()
    turns.wait(() => {
      waiting = false
      if (!paused) webSocket.resume()
    })
  }
  const read = (bytes: Buffer) => {
    // a read counts although it ends no header: a message in many small pieces is as much work as many messages
    const count = frames.count(bytes)
    spread(webSocket, count)
    flood.count(Math.max(1, count), bytes.length)
    const open = webSocket.readyState === webSocket.OPEN
    if (open && !waiting && bytes.length >= largeReadBytes) waitForTurn()
    // bytes in flight when the close began are fewer than one message
    if (!open) closingBytes += bytes.length
    if (closingBytes > limits.maxMessageBytes) {
      if (webSocket.readyState !== webSocket.CLOSED) refuse('flood', 'connection closed')
      webSocket.terminate()
      return
    }
    if (flood.aheadMs === 0 || (open && paused)) return
    const pausing = open && flood.aheadMs <= maxPauseMs
    refuse('flood', pausing ? 'client read slower' : 'connection closed')
    if (pausing) pause()
    else webSocket.terminate()
  }
  socket.prependListener('data', read)
  webSocket.once('close', () => clearTimeout(timer)) // or it would keep the connection in memory for as long
  webSocket.on('ping', (data) => pongs.answer(data))
  webSocket.on('error', (error) => {
    const reason = reasonOf(error)
    if (reason) refuse(reason, 'connection closed')
  })
}

type PausableReceiver = { _allowSynchronousEvents: boolean; writableLength: number }

/**
 * Of a read with many frames ws handles one message in each turn of the event loop, so that others are served between any two.
 * Of other reads it handles all messages at once, as Socket.IO clients expect of those that they send together. The option of
 * ws for this holds for all reads alike.
 */
function spread(webSocket: WebSocket, frames: number): void {
  const { _receiver } = webSocket as unknown as { _receiver?: PausableReceiver | null }
  // the frames of an earlier read may still wait
  if (_receiver?.writableLength === 0) _receiver._allowSynchronousEvents = frames <= maxFramesATurn
}

/** Why ws closes a connection for what its client sent; undefined when the connection was lost. */
function reasonOf({ code = '' }: Error & { code?: string }): string | undefined {
  if (/^WS_ERR_(UNSUPPORTED_|TOO_MANY_)/.test(code)) return 'frame_too_large'
  return code.startsWith('WS_ERR_') ? 'bad_packet' : undefined
}
