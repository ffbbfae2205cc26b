import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket as EngineSocket } from 'engine.io'
import { FloodControl, type FloodLimits } from './flood-control.ts'
import { packetCounter } from './packet-counter.ts'

/** The permitted packets of a payload for each message of the burst. Each binary value is a packet of its own. */
const packetsPerMessage = 4
/** The smallest limit of packets: all requests that a client may send before its login is answered, with binary values. */
const minPackets = 400
/** A client that would have to wait longer is disconnected, because its heartbeat would be late. */
const maxHoldMs = 15_000

/** A POST request with packets. */
export type Post = {
  request: IncomingMessage
  response: ServerResponse
  /** The client's address according to this request. */
  address: string
  /** Passes the request to Engine.IO. */
  next: () => void
}

export type PostEvents = {
  /** The client is ahead of its rate, so the node reads the request later. */
  slowed: (post: Post) => void
  /** The node refuses the request. */
  refused: (reason: string, post: Post) => void
  /** The node refuses the request and closes the connection. */
  ended: (reason: string, post: Post) => void
}

/**
 * Limits the POST requests of one client with long-polling. The node refuses a payload with too many packets before it decodes it,
 * and reads a client above its rate slower: the client's next request waits, as its WebSocket would.
 */
export class Posts {
  readonly #engine: EngineSocket
  readonly #flood: FloodControl
  readonly #maxPackets: number
  readonly #events: PostEvents
  #isDelaying = false

  constructor(engine: EngineSocket, limits: FloodLimits, events: PostEvents) {
    this.#engine = engine
    this.#flood = new FloodControl(limits)
    this.#maxPackets = Math.max(minPackets, packetsPerMessage * limits.messageBurst)
    this.#events = events
    engine.on('packet', ({ data }: { data?: string | Buffer }) => {
      if (engine.transport.name === 'polling') this.#flood.count(1, data?.length ?? 0)
    })
  }

  /** Passes a request to Engine.IO, now or later, or refuses it. */
  take(post: Post): void {
    const aheadMs = this.#flood.aheadMs
    if (this.#isDelaying)
      this.#end(post, 400, 'bad_packet') // Engine.IO's protocol forbids two requests at a time
    else if (aheadMs > maxHoldMs) this.#end(post, 429, 'flood')
    else if (aheadMs > 0) this.#delay(aheadMs, post)
    else this.#read(post)
  }

  #delay(ms: number, post: Post): void {
    const { request } = post
    this.#isDelaying = true
    this.#events.slowed(post)
    const proceed = () => {
      clearTimeout(timer)
      this.#engine.off('close', proceed)
      this.#isDelaying = false
      if (!request.destroyed) this.#read(post)
    }
    const timer = setTimeout(proceed, ms).unref()
    this.#engine.once('close', proceed) // then Engine.IO refuses the request
    request.once('close', proceed)
  }

  /** Refuses the request and closes the connection. */
  #end(post: Post, status: number, reason: string): void {
    this.#events.ended(reason, post)
    post.response.writeHead(status, { Connection: 'close' }).end()
    this.#engine.close(true)
  }

  #read(post: Post): void {
    const { request, response, next } = post
    const count = packetCounter(this.#engine.protocol)
    const before = bodyListeners(request)
    let isRefused = false
    const inspect = (part: string | Buffer) => {
      const packets = count(part)
      if (response.headersSent || (packets !== undefined && packets <= this.#maxPackets)) return
      // Engine.IO receives no more of the body
      for (const { event, listener } of bodyListeners(request)) {
        if (!before.some((known) => known.listener === listener)) request.off(event, listener)
      }
      this.#events.ended(packets === undefined ? 'bad_packet' : 'too_many_packets', post)
      isRefused = true
      response.once('close', () => this.#engine.close(true)) // closing earlier would cut the request without an answer
      response.writeHead(packets === undefined ? 400 : 413, { Connection: 'close' }).end()
    }
    request.on('data', inspect)
    // Engine.IO refuses a body that is too large, and emits no event
    response.once('finish', () => {
      if (response.statusCode === 413 && !isRefused) this.#events.refused('frame_too_large', post)
    })
    next()
  }
}

type BodyListener = { event: 'data' | 'end'; listener: (...args: unknown[]) => void }

function bodyListeners(request: IncomingMessage): BodyListener[] {
  const events = ['data', 'end'] as const
  return events.flatMap((event) =>
    request.listeners(event).map((listener) => ({ event, listener: listener as BodyListener['listener'] })),
  )
}
