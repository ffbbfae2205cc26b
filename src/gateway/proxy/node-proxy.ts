import { type ClientRequest, type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Keyring } from '../../core/auth/keyring.ts'
import { inBackground } from '../../core/background.ts'
import type { MemoryBudget } from '../../core/ports/memory-budget.ts'
import type { Metrics } from '../../observability/metrics.ts'
import type { RefusalLog } from '../../observability/refusal-log.ts'
import { queryOf, responseOf } from '../engine-internals.ts'
import { rejectHandshake } from '../handshake/reject-handshake.ts'
import { nodeOfConnection } from './connection-id.ts'
import { ForwardedBytes } from './forwarded-bytes.ts'
import { forwardedHeader, isForwarded, signedAddress, signForwarded } from './forwarded-header.ts'
import { Forwarder } from './forwarder.ts'
import { NodeDirectory, type NodeDirectoryDeps } from './node-directory.ts'
import { Tunnel } from './tunnel.ts'

export type NodeProxyDeps = NodeDirectoryDeps & {
  /** The id under which this node is registered. */
  node: string
  keys: Keyring
  /** The longest time without data on a live connection, ms. */
  maxSilenceMs: number
  /** How many requests and WebSockets this node forwards at a time. */
  maxOpen: number
  /** The client's address according to the request itself and the proxies that the node trusts. */
  addressOf: (request: IncomingMessage) => string
  memory: MemoryBudget
  metrics: Pick<Metrics, 'forwarded'>
  refusals: RefusalLog
}

type TransportKind = 'polling' | 'websocket'
type PendingForward = { node: string; next: () => void; answered: boolean }
type Forward = { node: string; sid: string; response: ServerResponse | undefined; next: () => void }

/**
 * Forwards the requests of connections that other nodes have: once, and only to registered nodes. It runs before Engine.IO. A
 * request that it cannot forward goes on to Engine.IO, which refuses it as it refuses every unknown id, so that the client
 * connects again.
 */
export class NodeProxy {
  readonly #deps: NodeProxyDeps
  readonly #directory: NodeDirectory
  readonly #forwarder: Forwarder
  readonly #pending = new WeakMap<IncomingMessage, PendingForward>()
  readonly #heldBytes = new WeakMap<IncomingMessage, ForwardedBytes>()
  readonly #signedAddresses = new WeakMap<IncomingMessage, string>()
  readonly #failed = new WeakSet<IncomingMessage>()
  readonly #tunnels = new Set<Tunnel>()
  #closed = false
  readonly #open: { [kind in TransportKind]: Set<ServerResponse | Socket> } = {
    polling: new Set(),
    websocket: new Set(),
  }

  constructor(deps: NodeProxyDeps) {
    this.#deps = deps
    this.#directory = new NodeDirectory(deps)
    this.#forwarder = new Forwarder(deps.maxSilenceMs, {
      sent: (outgoing, request, socket) => {
        this.#heldBytes.get(request)?.sent(outgoing)
        if (socket) this.#joinSockets(outgoing, request, socket)
      },
      failed: (error, request) => this.#fail(error, request),
    })
  }

  /** The number of requests and WebSockets that it is forwarding. */
  get openCounts(): { [kind in TransportKind]: number } {
    return { polling: this.#open.polling.size, websocket: this.#open.websocket.size }
  }

  /** The WebSockets that it is forwarding. A drain has to close them. */
  get tunnels(): Tunnel[] {
    return [...this.#tunnels]
  }

  /** The client's address, as the node that forwarded the request has signed it; undefined if no node has. */
  signedAddress(request: IncomingMessage): string | undefined {
    return this.#signedAddresses.get(request)
  }

  /** Whether it has already logged why it does not forward the request. */
  hasFailed(request: IncomingMessage): boolean {
    return this.#failed.has(request)
  }

  /** Engine.IO's middleware, for requests and for upgrades. */
  readonly middleware = (request: IncomingMessage, response: object, next: () => void): void => {
    const { sid = '' } = queryOf(request)
    const node = nodeOfConnection(sid)
    const { keys } = this.#deps
    if (node === undefined || node === this.#deps.node || isForwarded(request)) {
      const address = node && signedAddress(keys, sid, request)
      if (address !== undefined) this.#signedAddresses.set(request, address)
      next()
      return
    }
    const forward = { node, sid, response: response instanceof ServerResponse ? response : undefined, next }
    inBackground(
      () => this.#forward(request, forward),
      (error) => this.#fail(error as Error, request, { node, next, answered: false }),
    )
  }

  /** Ends all forwarded WebSockets and the connections to other nodes. */
  close(): void {
    this.#closed = true
    for (const { socket } of this.tunnels) socket.destroy()
    this.#forwarder.close()
  }

  async #forward(request: IncomingMessage, { node, sid, response, next }: Forward): Promise<void> {
    const { keys, refusals, addressOf } = this.#deps
    const { socket } = request
    const address = addressOf(request)
    // a client may disconnect at any time, and an upgraded socket has no other listener
    if (!response) socket.on('error', () => {})
    const url = await this.#directory.urlOf(node)
    if (socket.destroyed) return
    // httpxy would close an upgrade to another protocol than WebSocket without an answer
    if (!url || (!response && !isWebSocket(request))) return next()
    if (this.#open.polling.size + this.#open.websocket.size >= this.#deps.maxOpen) {
      refusals.note('connections', { address }, 'request not forwarded')
      return rejectHandshake(request, 'connections')
    }
    this.#pending.set(request, { node, next, answered: false })
    this.#countBytes(request, response ?? socket)
    this.#count(response ? 'polling' : 'websocket', response ?? socket)
    if (!response) this.#addTunnel(new Tunnel(socket, url, sid, keys))
    const headers = { [forwardedHeader]: signForwarded(keys, sid, address) }
    await this.#forwarder.forward({ request, response, url, headers })
  }

  /** Counts the bytes that the node holds for the request in its memory budget, until the connection closes. */
  #countBytes(request: IncomingMessage, connection: ServerResponse | Socket): void {
    const { memory, refusals, addressOf } = this.#deps
    const address = addressOf(request)
    const held = new ForwardedBytes(request, (bytes) => {
      refusals.note('node_memory', { address, bytes }, 'connection closed')
    })
    memory.add(held)
    connection.once('close', () => memory.remove(held))
    this.#heldBytes.set(request, held)
  }

  #addTunnel(tunnel: Tunnel): void {
    this.#tunnels.add(tunnel)
    tunnel.socket.once('close', () => this.#tunnels.delete(tunnel))
  }

  #count(kind: TransportKind, connection: ServerResponse | Socket): void {
    this.#deps.metrics.forwarded.inc({ transport: kind })
    this.#open[kind].add(connection)
    connection.once('close', () => this.#open[kind].delete(connection))
  }

  /** Closes each side of a forwarded WebSocket when the other closes. */
  #joinSockets(outgoing: ClientRequest, request: IncomingMessage, socket: Socket): void {
    const pending = this.#pending.get(request)
    const answered = () => {
      if (pending) pending.answered = true
    }
    outgoing.once('response', answered)
    outgoing.once('upgrade', (_response, other: Socket) => {
      answered()
      socket.once('close', () => other.destroy())
      other.once('close', () => socket.destroySoon())
    })
    socket.once('close', () => outgoing.destroy())
  }

  #fail(error: Error, request: IncomingMessage, pending = this.#pending.get(request)): void {
    if (!pending || pending.answered || responseOf(request)?.headersSent || request.socket.destroyed) return
    pending.answered = true
    this.#failed.add(request)
    const { addressOf, refusals } = this.#deps
    const about = { otherNode: pending.node, why: error.message, address: addressOf(request) }
    // after close() the request fails because of this node, not because of the other
    if (!this.#closed) refusals.note('node_unreachable', about, 'request not forwarded')
    pending.next()
  }
}

function isWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket'
}
