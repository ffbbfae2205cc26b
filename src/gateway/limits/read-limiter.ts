import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { EngineWebSocket } from '../engine-internals.ts'
import { FloodControl, type FloodLimits } from './flood-control.ts'
import { FrameCounter } from './frame-counter.ts'
import { largeReadBytes, type ReadTurns } from './read-turns.ts'

/** How many frames of one read ws may handle in one turn of the event loop. */
const maxFramesPerTurn = 64
/** The shortest pause for which the node stops reading, ms. */
const minPauseMs = 50
/** A client that would have to wait longer is disconnected: the node could not read its heartbeats either. */
const maxPauseMs = 15_000

export type ReadLimiterDeps = {
  limits: FloodLimits
  turns: ReadTurns
  /** Counts and logs that the client was slowed or closed. */
  refuse: (reason: string, message: string) => void
}

/** Limits what the node reads from one WebSocket, whatever its frames are: it reads slower, or closes the connection. */
export class ReadLimiter {
  readonly #webSocket: WebSocket
  readonly #deps: ReadLimiterDeps
  readonly #flood: FloodControl
  readonly #frames = new FrameCounter()
  #isPaused = false
  #isWaitingForTurn = false
  /** Bytes that arrived after the close began. */
  #closingBytes = 0
  #timer: NodeJS.Timeout | undefined

  /** @param socket the TCP connection */
  constructor(webSocket: WebSocket, socket: Duplex, deps: ReadLimiterDeps) {
    this.#webSocket = webSocket
    this.#deps = deps
    this.#flood = new FloodControl(deps.limits)
    socket.prependListener('data', (bytes: Buffer) => this.#read(bytes))
    webSocket.once('close', () => clearTimeout(this.#timer)) // the timer would keep the connection in memory
  }

  #read(bytes: Buffer): void {
    const open = this.#webSocket.readyState === this.#webSocket.OPEN
    this.#count(bytes)
    if (open && !this.#isWaitingForTurn && bytes.length >= largeReadBytes) this.#waitForTurn()
    if (!open && this.#exceedsClosing(bytes.length)) return
    const { aheadMs } = this.#flood
    if (aheadMs === 0 || (open && this.#isPaused)) return
    const pauses = open && aheadMs <= maxPauseMs
    this.#deps.refuse('flood', pauses ? 'client read slower' : 'connection closed')
    if (pauses) this.#pause()
    else this.#webSocket.terminate()
  }

  /** A read counts although it completes no header: a message in many small pieces costs as much as many messages. */
  #count(bytes: Buffer): void {
    const frames = this.#frames.count(bytes)
    limitFramesPerTurn(this.#webSocket, frames)
    this.#flood.count(Math.max(1, frames), bytes.length)
  }

  /** Bytes that were in flight when the close began are fewer than one message. A client that sends more is cut. */
  #exceedsClosing(bytes: number): boolean {
    this.#closingBytes += bytes
    if (this.#closingBytes <= this.#deps.limits.maxMessageBytes) return false
    if (this.#webSocket.readyState !== this.#webSocket.CLOSED) this.#deps.refuse('flood', 'connection closed')
    this.#webSocket.terminate()
    return true
  }

  #pause(): void {
    this.#isPaused = true
    this.#webSocket.pause()
    this.#timer = setTimeout(() => this.#resume(), Math.max(minPauseMs, this.#flood.aheadMs)).unref()
  }

  #resume(): void {
    this.#isPaused = false
    // Node may have read more before the pause took effect
    if (this.#flood.aheadMs > 0) this.#pause()
    else if (!this.#isWaitingForTurn) this.#webSocket.resume()
  }

  #waitForTurn(): void {
    this.#isWaitingForTurn = true
    this.#webSocket.pause()
    this.#deps.turns.wait(() => {
      this.#isWaitingForTurn = false
      if (!this.#isPaused) this.#webSocket.resume()
    })
  }
}

/**
 * Of a read with many frames ws handles one message in each turn of the event loop, so that other clients are served in between.
 * Of other reads it handles all messages at once, as Socket.IO clients expect of messages that they send together. The option of
 * ws holds for all reads alike, so this sets the private field for each read.
 */
function limitFramesPerTurn(webSocket: WebSocket, frames: number): void {
  const { _receiver } = webSocket as unknown as Pick<EngineWebSocket, '_receiver'>
  // frames of an earlier read may still wait
  if (_receiver?.writableLength === 0) _receiver._allowSynchronousEvents = frames <= maxFramesPerTurn
}
