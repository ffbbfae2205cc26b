import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { pipeline } from 'node:stream'
import { inBackground } from '../../core/background.ts'

/** A node as the front sees it; `readyUrl` answers 200 while new clients should be sent there. */
export type Upstream = { name: string; host: string; port: number; readyUrl: string }

type Known = Upstream & { ready: boolean }

/** How often every node is asked whether it is ready, ms. */
const healthCheckIntervalMs = 1000

/** A node that could not be asked is asked again in the next turn. */
const ignore = () => {}

const serviceUnavailableResponse = 'HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'

/**
 * Passes TCP connections on to the nodes in turn, and knows no more of them than a cloud's load balancer would:
 * no node twice because of a cookie, none that refuses or says that it is not ready while another is.
 */
export class Front {
  readonly #upstreams: Known[]
  readonly #server = createServer({ allowHalfOpen: true, noDelay: true }, (client) =>
    inBackground(
      () => this.#serve(client),
      () => client.destroy(),
    ),
  )
  readonly #open = new Set<Socket>()
  #turn = 0
  #polling: NodeJS.Timeout | undefined

  constructor(upstreams: Upstream[]) {
    this.#upstreams = upstreams.map((upstream) => ({ ...upstream, ready: true }))
  }

  /** Resolves to the port. @throws Error when it cannot listen there */
  async listen(port: number, host: string): Promise<number> {
    this.#server.listen(port, host)
    await once(this.#server, 'listening')
    this.#server.on('error', () => {}) // a connection that could not be taken, as when there are too many
    this.#polling = setInterval(() => inBackground(() => this.check(), ignore), healthCheckIntervalMs).unref()
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    clearInterval(this.#polling)
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#open) socket.destroy()
    await closed
  }

  /** Asks every node whether it is ready. */
  async check(): Promise<void> {
    await Promise.all(this.#upstreams.map((upstream) => this.#ask(upstream)))
  }

  async #ask(upstream: Known): Promise<void> {
    const answer = await fetch(upstream.readyUrl, { signal: AbortSignal.timeout(healthCheckIntervalMs * 0.9) }).catch(
      () => undefined,
    )
    upstream.ready = answer?.ok === true
    await answer?.body?.cancel().catch(() => {}) // it is read to the end, or broke off
  }

  async #serve(client: Socket): Promise<void> {
    this.#keep(client)
    for (const candidate of this.#candidates()) {
      const upstream = await open(candidate)
      if (upstream && !client.destroyed) return this.#join(client, upstream)
      upstream?.destroy()
      if (client.destroyed) return
      candidate.ready = false // until it says otherwise
    }
    client.resume() // or its end would never be seen
    client.end(serviceUnavailableResponse)
  }

  /** The one whose turn it is, then the others; those that are not ready last, for it may be that they all are not. */
  #candidates(): Known[] {
    const ready = this.#upstreams.filter((upstream) => upstream.ready)
    const first = this.#turn++ % Math.max(1, ready.length)
    const others = this.#upstreams.filter((upstream) => !upstream.ready)
    return [...ready.slice(first), ...ready.slice(0, first), ...others]
  }

  /** Both ways, each until its own end: a client may have said all and still listen. Where one breaks, both go. */
  #join(client: Socket, upstream: Socket): void {
    this.#keep(upstream)
    pipeline(client, upstream, () => {})
    pipeline(upstream, client, () => {})
  }

  #keep(socket: Socket): void {
    this.#open.add(socket)
    socket.once('close', () => this.#open.delete(socket))
    socket.on('error', () => socket.destroy()) // one that is cut off concerns nobody else
  }
}

/** Undefined when the node refuses. */
function open({ host, port }: Upstream): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true })
    const refused = () => resolve(undefined)
    socket.once('error', refused)
    socket.once('connect', () => {
      socket.off('error', refused)
      resolve(socket)
    })
  })
}
