import { Agent, type ClientRequest, type IncomingMessage, ServerResponse } from 'node:http'
import { Agent as TlsAgent } from 'node:https'
import type { Socket } from 'node:net'
import { createProxyServer } from 'httpxy'
import type { Keyring } from '../../core/auth/keyring.ts'
import { inBackground } from '../../core/background.ts'
import type { BudgetHolders } from '../../core/ports/memory-budget.ts'
import type { Metrics } from '../../observability/metrics.ts'
import type { RefusalLog } from '../../observability/refusal-log.ts'
import { rejectHandshake } from '../limits/reject-handshake.ts'
import { nodeOfConnection } from './connection-id.ts'
import { ForwardedBytes } from './forwarded-bytes.ts'
import { forwardedHeader, isForwarded, signForwarded, vouchedAddress } from './forwarded-header.ts'
import { NodeDirectory, type NodeDirectoryParts } from './node-directory.ts'
import { Tunnel } from './tunnel.ts'

export type NodeProxyParts = NodeDirectoryParts & {
  /** This one, as it is registered. */
  node: string
  keys: Keyring
  /** The longest silence of a living connection, ms. */
  silence: number
  /** How many requests are passed on at a time. */
  limit: number
  /** The client's, as far as the request itself tells. */
  addressOf: (request: IncomingMessage) => string
  memory: BudgetHolders
  metrics: Pick<Metrics, 'forwarded'>
  refusals: RefusalLog
}

type TransportKind = 'polling' | 'websocket'
type PendingForward = { node: string; next: () => void; answered: boolean }

/** How long a node may take to take a connection, ms. */
const connectTimeoutMs = 2000
/** How long an idle connection to a node is kept, ms: less than the 72 s after which the node closes it. */
const idleConnectionMs = 20_000

/**
 * Passes on what belongs to a connection of another node, once, and to registered nodes only. Before Engine.IO looks at
 * it; what cannot be passed on goes on to Engine.IO, which refuses it as it refuses any id that it does not know, so
 * that the client connects anew.
 */
export class NodeProxy {
  readonly #parts: NodeProxyParts
  readonly #directory: NodeDirectory
  readonly #proxy = createProxyServer()
  readonly #agents = { 'http:': new Agent(keptAlive), 'https:': new TlsAgent(keptAlive) }
  readonly #pending = new WeakMap<IncomingMessage, PendingForward>()
  readonly #held = new WeakMap<IncomingMessage, ForwardedBytes>()
  readonly #vouched = new WeakMap<IncomingMessage, string>()
  readonly #failed = new WeakSet<IncomingMessage>()
  readonly #tunnels = new Set<Tunnel>()
  #closed = false
  readonly #open: { [kind in TransportKind]: Set<ServerResponse | Socket> } = {
    polling: new Set(),
    websocket: new Set(),
  }

  constructor(parts: NodeProxyParts) {
    this.#parts = parts
    this.#directory = new NodeDirectory(parts)
    this.#proxy.on('proxyReq', (asked, request) => {
      hurry(asked)
      this.#held.get(request)?.sent(asked)
    })
    this.#proxy.on('proxyReqWs', (asked, request, socket) => this.#join(asked, request, socket))
    this.#proxy.on('error', (error, request) => request && this.#fail(error, request))
  }

  /** Under way just now. */
  get open(): { [kind in TransportKind]: number } {
    return { polling: this.#open.polling.size, websocket: this.#open.websocket.size }
  }

  /** WebSockets of other nodes that go through this one; to be closed when it goes. */
  get tunnels(): Tunnel[] {
    return [...this.#tunnels]
  }

  /** The client's address, as the node that passed the request on knew it; undefined when none did. */
  vouchedAddress(request: IncomingMessage): string | undefined {
    return this.#vouched.get(request)
  }

  /** Whether it was noted already why the request is refused. */
  hasFailed(request: IncomingMessage): boolean {
    return this.#failed.has(request)
  }

  /** Engine.IO's middleware, for requests and for upgrades. */
  readonly middleware = (request: IncomingMessage, response: object, next: () => void): void => {
    const { sid } = (request as { _query?: { sid?: unknown } })._query ?? {}
    const node = nodeOfConnection(sid)
    const { keys, addressOf } = this.#parts
    if (node === undefined || node === this.#parts.node || isForwarded(request)) {
      const address = node && vouchedAddress(keys, String(sid), request)
      if (address !== undefined) this.#vouched.set(request, address)
      next()
      return
    }
    const headers = { [forwardedHeader]: signForwarded(keys, String(sid), addressOf(request)) }
    inBackground(
      () =>
        this.#pass(request, response instanceof ServerResponse ? response : undefined, {
          node,
          sid: String(sid),
          next,
          headers,
        }),
      (error) => this.#fail(error as Error, request, { node, next, answered: false }),
    )
  }

  /** Ends what is under way, and keeps no connection. */
  close(): void {
    this.#closed = true
    for (const { socket } of this.tunnels) socket.destroy()
    for (const agent of Object.values(this.#agents)) agent.destroy()
  }

  async #pass(
    request: IncomingMessage,
    response: ServerResponse | undefined,
    { node, sid, next, headers }: { node: string; sid: string; next: () => void; headers: { [name: string]: string } },
  ): Promise<void> {
    const { socket } = request
    // a client may go at any time, and an upgraded socket has nobody else to hear of it
    if (!response) socket.on('error', () => {})
    const url = await this.#directory.addressOf(node)
    if (socket.destroyed) return
    // what is no WebSocket is not for the proxy, which would close it without a word
    if (!url || (!response && !isWebSocket(request))) return next()
    if (this.#open.polling.size + this.#open.websocket.size >= this.#parts.limit) {
      this.#parts.refusals.note('connections', { address: this.#parts.addressOf(request) }, 'request not passed on')
      return rejectHandshake(request, 'connections')
    }
    this.#pending.set(request, { node, next, answered: false })
    this.#hold(request, response ?? socket)
    this.#count(response ? 'polling' : 'websocket', response ?? socket)
    if (!response) this.#keep(new Tunnel(socket, url, sid, this.#parts.keys))
    const target = targetOf(url)
    const passing = response
      ? this.#proxy.web(request, response, {
          target,
          headers,
          agent: this.#agents[target.protocol],
          proxyTimeout: this.#parts.silence,
        })
      : this.#proxy.ws(request, socket, { target, headers, upgradeTimeout: connectTimeoutMs * 2 })
    await passing.catch(() => {}) // an answer that broke off: the client's connection is cut as well
  }

  /** Adds what is held for it to the node's budget, until it closes. */
  #hold(request: IncomingMessage, what: ServerResponse | Socket): void {
    const { memory, refusals, addressOf } = this.#parts
    const address = addressOf(request)
    const held = new ForwardedBytes(request, (bytes) => {
      refusals.note('node_memory', { address, bytes }, 'connection closed')
    })
    memory.add(held)
    what.once('close', () => memory.remove(held))
    this.#held.set(request, held)
  }

  #keep(tunnel: Tunnel): void {
    this.#tunnels.add(tunnel)
    tunnel.socket.once('close', () => this.#tunnels.delete(tunnel))
  }

  #count(kind: TransportKind, what: ServerResponse | Socket): void {
    this.#parts.metrics.forwarded.inc({ transport: kind })
    this.#open[kind].add(what)
    what.once('close', () => this.#open[kind].delete(what))
  }

  /** Where one side of a tunnel is gone, so is the other. */
  #join(asked: ClientRequest, request: IncomingMessage, socket: Socket): void {
    const pending = this.#pending.get(request)
    this.#held.get(request)?.sent(asked)
    const answered = () => {
      if (pending) pending.answered = true
    }
    asked.once('response', answered)
    asked.once('upgrade', (_response, other: Socket) => {
      answered()
      socket.once('close', () => other.destroy())
      other.once('close', () => socket.destroySoon())
    })
    socket.once('close', () => asked.destroy())
  }

  #fail(error: Error, request: IncomingMessage, pending = this.#pending.get(request)): void {
    const { res } = request as { res?: ServerResponse }
    if (!pending || pending.answered || res?.headersSent || request.socket.destroyed) return
    pending.answered = true
    this.#failed.add(request)
    const { addressOf, refusals } = this.#parts
    const about = { node: pending.node, why: error.message, address: addressOf(request) }
    // it is this node that has gone, not the other
    if (!this.#closed) refusals.note('node_unreachable', about, 'request not passed on')
    pending.next()
  }
}

const keptAlive = { keepAlive: true, timeout: idleConnectionMs }

/** Not a URL: its host would keep the brackets of IPv6, with which no name is found. */
function targetOf({ protocol, hostname, port, pathname }: URL) {
  const host = hostname.replace(/^\[|\]$/g, '')
  return { protocol: protocol === 'https:' ? ('https:' as const) : ('http:' as const), hostname: host, port, pathname }
}

function isWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket'
}

/** A machine that is lost does not even refuse. */
function hurry({ socket }: ClientRequest): void {
  if (!socket?.connecting) return
  const late = setTimeout(() => socket.destroy(new Error('The node does not answer')), connectTimeoutMs)
  for (const event of ['connect', 'close']) socket.once(event, () => clearTimeout(late))
}
