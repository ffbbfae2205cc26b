import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket as EngineSocket } from 'engine.io'
import { FloodControl, type FloodLimits } from './flood-control.ts'
import { packetCounter } from './packet-counter.ts'

/** How many packets a payload may have for each message of the burst: binary values are packets of their own. */
const packetsPerMessage = 4
/** As many as a client may send before its login is answered, and room for their binary values. */
const minPackets = 400
/** A client that would have to wait longer than this is disconnected, as its heartbeat would be late. */
const maxHoldMs = 15_000

/** A request that brings packets. */
export type Post = {
  request: IncomingMessage
  response: ServerResponse
  /** The client's, as this request tells it. */
  address: string
  /** Hands it to Engine.IO. */
  next: () => void
}

export type PostEvents = {
  /** The client is ahead of its rate: the node takes its request later. */
  slowed: (post: Post) => void
  /** The request is refused. */
  refused: (reason: string, post: Post) => void
  /** The request is refused, and the session with it. */
  ended: (reason: string, post: Post) => void
}

/**
 * What one client sends by long-polling. A payload with too many packets is refused before it is decoded, and a client
 * that sends more than it may is read slower: its next request waits, as its WebSocket would.
 */
export class Posts {
  readonly #engine: EngineSocket
  readonly #flood: FloodControl
  readonly #maxPackets: number
  readonly #events: PostEvents
  #held = false

  constructor(engine: EngineSocket, limits: FloodLimits, events: PostEvents) {
    this.#engine = engine
    this.#flood = new FloodControl(limits)
    this.#maxPackets = Math.max(minPackets, packetsPerMessage * limits.messageBurst)
    this.#events = events
    engine.on('packet', ({ data }: { data?: string | Buffer }) => {
      if (engine.transport.name === 'polling') this.#flood.count(1, data?.length ?? 0)
    })
  }

  /** Hands a request to Engine.IO, now or later, or refuses it. */
  take(post: Post): void {
    const ahead = this.#flood.aheadMs
    if (this.#held)
      this.#end(post, 400, 'bad_packet') // two at a time: Engine.IO's protocol forbids that
    else if (ahead > maxHoldMs) this.#end(post, 429, 'flood')
    else if (ahead > 0) this.#hold(ahead, post)
    else this.#read(post)
  }

  #hold(ms: number, post: Post): void {
    const { request } = post
    this.#held = true
    this.#events.slowed(post)
    const go = () => {
      clearTimeout(timer)
      this.#engine.off('close', go)
      this.#held = false
      if (!request.destroyed) this.#read(post)
    }
    const timer = setTimeout(go, ms).unref()
    this.#engine.once('close', go) // Engine.IO refuses it then
    request.once('close', go)
  }

  /** Ends the session and the request. */
  #end(post: Post, status: number, reason: string): void {
    this.#events.ended(reason, post)
    post.response.writeHead(status, { Connection: 'close' }).end()
    this.#engine.close(true)
  }

  #read(post: Post): void {
    const { request, response, next } = post
    const count = packetCounter(this.#engine.protocol)
    const before = bodyListeners(request)
    let ours = false
    const look = (part: string | Buffer) => {
      const packets = count(part)
      if (response.headersSent || (packets !== undefined && packets <= this.#maxPackets)) return
      // Engine.IO gets no more of the body
      for (const one of bodyListeners(request)) {
        if (!before.some(({ listener }) => listener === one.listener)) request.off(one.event, one.listener)
      }
      this.#events.ended(packets === undefined ? 'bad_packet' : 'too_many_packets', post)
      ours = true
      response.once('close', () => this.#engine.close(true)) // not before: that cuts the request without an answer
      response.writeHead(packets === undefined ? 400 : 413, { Connection: 'close' }).end()
    }
    request.on('data', look)
    // Engine.IO refuses a body that is too large, and reports it to the client only
    response.once('finish', () => {
      if (response.statusCode === 413 && !ours) this.#events.refused('frame_too_large', post)
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
