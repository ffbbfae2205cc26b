import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket as EngineSocket } from 'engine.io'
import type { Socket } from 'socket.io'
import type { RefusalLog } from '../observability/refusal-log.ts'
import { Client, type ClientLimits } from './client.ts'
import { internalsOf, queryOf } from './engine-internals.ts'
import type { NodeMemoryBudget } from './limits/memory-budget.ts'

export type ClientsDeps = {
  limits: ClientLimits
  memory: NodeMemoryBudget
  refusals: RefusalLog
  addressOf: (request: IncomingMessage) => string
}

/** The clients that are connected to this node, by their Engine.IO connection. */
export class Clients {
  readonly #deps: ClientsDeps
  readonly #engines = new Map<string, EngineSocket>()
  readonly #clients = new WeakMap<object, Client>()

  constructor(deps: ClientsDeps) {
    this.#deps = deps
  }

  add(engine: EngineSocket): void {
    const { limits, memory, refusals, addressOf } = this.#deps
    const { id } = internalsOf(engine)
    this.#engines.set(id, engine)
    engine.once('close', () => this.#engines.delete(id))
    const address = addressOf(engine.request as IncomingMessage)
    this.#clients.set(engine, new Client(engine, address, limits, memory, refusals))
  }

  of({ conn }: Socket): Client {
    const client = this.#clients.get(conn)
    if (!client) throw new Error('Unknown Engine.IO connection')
    return client
  }

  /** Whether a client that uses long-polling may open a WebSocket: it has none, and has not begun to upgrade. */
  mayUpgrade(sid: string): boolean {
    const engine = this.#engines.get(sid)
    if (!engine) return false
    const { transport, upgrading, upgraded } = internalsOf(engine)
    return transport.name === 'polling' && !upgrading && !upgraded
  }

  /** Engine.IO's middleware: applies a client's limits to its long-polling requests. */
  readonly middleware = (request: IncomingMessage, response: object, next: () => void): void => {
    const client = response instanceof ServerResponse && this.#pollingClient(request)
    if (client && request.method === 'POST') {
      client.posts.take({ request, response, next, address: this.#deps.addressOf(request) })
      return
    }
    if (client) client.sendBuffer.countAnswer(response)
    next()
  }

  /** The client of a long-polling request; undefined for a handshake and for the id of no client. */
  #pollingClient(request: IncomingMessage): Client | undefined {
    const { sid } = queryOf(request)
    const engine = sid === undefined ? undefined : this.#engines.get(sid)
    return engine && this.#clients.get(engine)
  }
}
