import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { pipeline } from 'node:stream'
import { inBackground } from '../../core/background.ts'

/** A node. `readyUrl` answers 200 while the node accepts new clients. */
export type Upstream = { name: string; host: string; port: number; readyUrl: string }

type CheckedUpstream = Upstream & { ready: boolean }

/** How often every node is checked, ms. */
const healthCheckIntervalMs = 1000

/** A check that failed is repeated after the interval. */
const ignore = () => {}

const serviceUnavailableResponse = 'HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'

/**
 * Forwards TCP connections to the nodes in turn, without sticky sessions, as a cloud's load balancer does. It prefers nodes that are
 * ready and accept connections.
 */
export class LoadBalancer {
  readonly #upstreams: CheckedUpstream[]
  readonly #server = createServer({ allowHalfOpen: true, noDelay: true }, (client) =>
    inBackground(
      () => this.#serve(client),
      () => client.destroy(),
    ),
  )
  readonly #sockets = new Set<Socket>()
  #nextIndex = 0
  #healthChecks: NodeJS.Timeout | undefined

  constructor(upstreams: Upstream[]) {
    this.#upstreams = upstreams.map((upstream) => ({ ...upstream, ready: true }))
  }

  /** Resolves to the port. @throws Error if it cannot listen there */
  async listen(port: number, host: string): Promise<number> {
    this.#server.listen(port, host)
    await once(this.#server, 'listening')
    this.#server.on('error', () => {}) // a connection that could not be accepted, as when too many files are open
    this.#healthChecks = setInterval(() => inBackground(() => this.check(), ignore), healthCheckIntervalMs).unref()
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    clearInterval(this.#healthChecks)
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  /** Checks every node. */
  async check(): Promise<void> {
    await Promise.all(this.#upstreams.map((upstream) => this.#checkNode(upstream)))
  }

  async #checkNode(upstream: CheckedUpstream): Promise<void> {
    const response = await fetch(upstream.readyUrl, { signal: AbortSignal.timeout(healthCheckIntervalMs * 0.9) }).catch(
      () => undefined,
    )
    upstream.ready = response?.ok === true
    await response?.body?.cancel().catch(() => {}) // it rejects if the connection is lost
  }

  async #serve(client: Socket): Promise<void> {
    this.#keep(client)
    for (const candidate of this.#candidates()) {
      const upstream = await open(candidate)
      if (upstream && !client.destroyed) return this.#join(client, upstream)
      upstream?.destroy()
      if (client.destroyed) return
      candidate.ready = false // until the next check
    }
    client.resume() // without reading, the end of the client's data would stay unnoticed
    client.end(serviceUnavailableResponse)
  }

  /** The node whose turn it is, then the others. Nodes that are not ready are last: they serve if no other node does. */
  #candidates(): CheckedUpstream[] {
    const ready = this.#upstreams.filter((upstream) => upstream.ready)
    const first = this.#nextIndex++ % Math.max(1, ready.length)
    const others = this.#upstreams.filter((upstream) => !upstream.ready)
    return [...ready.slice(first), ...ready.slice(0, first), ...others]
  }

  /** Each direction ends by itself, because a client may end its data and still read. An error closes both sockets. */
  #join(client: Socket, upstream: Socket): void {
    this.#keep(upstream)
    pipeline(client, upstream, () => {})
    pipeline(upstream, client, () => {})
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    socket.on('error', () => socket.destroy()) // an unhandled error event would end the process
  }
}

/** Undefined if the node refuses the connection. */
function open({ host, port }: Upstream): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true })
    const onError = () => resolve(undefined)
    socket.once('error', onError)
    socket.once('connect', () => {
      socket.off('error', onError)
      resolve(socket)
    })
  })
}
