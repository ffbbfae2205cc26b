import { Agent, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { Agent as TlsAgent } from 'node:https'
import type { Socket } from 'node:net'
import { createProxyServer } from 'httpxy'

/** How long another node may take to accept a TCP connection, ms. */
const connectTimeoutMs = 2000
/** How long this node keeps an idle connection to another, ms: less than the 72 s after which the other closes it. */
const idleConnectionMs = 20_000

export type ForwarderEvents = {
  /** A request, or the upgrade of a client's socket, is being sent to the other node. */
  sent: (outgoing: ClientRequest, request: IncomingMessage, socket?: Socket) => void
  failed: (error: Error, request: IncomingMessage) => void
}

/** A request for another node. Without `response` it is an upgrade to WebSocket. */
export type ForwardedRequest = {
  request: IncomingMessage
  response: ServerResponse | undefined
  url: URL
  headers: { [name: string]: string }
}

/** The HTTP connections from this node to others. */
export class Forwarder {
  readonly #proxy = createProxyServer()
  readonly #agents = { 'http:': new Agent(agentOptions), 'https:': new TlsAgent(agentOptions) }
  readonly #maxSilenceMs: number

  constructor(maxSilenceMs: number, { sent, failed }: ForwarderEvents) {
    this.#maxSilenceMs = maxSilenceMs
    this.#proxy.on('proxyReq', (outgoing, request) => {
      limitConnectTime(outgoing)
      sent(outgoing, request)
    })
    this.#proxy.on('proxyReqWs', (outgoing, request, socket) => sent(outgoing, request, socket as Socket))
    this.#proxy.on('error', (error, request) => request && failed(error, request))
  }

  /** Forwards a request. Resolves when its answer ends, also if that fails: httpxy cuts the client's connection then. */
  async forward({ request, response, url, headers }: ForwardedRequest): Promise<void> {
    const target = targetOf(url)
    const options = { target, headers }
    const forwarded = response
      ? this.#proxy.web(request, response, {
          ...options,
          agent: this.#agents[target.protocol],
          proxyTimeout: this.#maxSilenceMs,
        })
      : this.#proxy.ws(request, request.socket, { ...options, upgradeTimeout: connectTimeoutMs * 2 })
    await forwarded.catch(() => {})
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy()
  }
}

const agentOptions = { keepAlive: true, timeout: idleConnectionMs }

/** Not a URL object: its host keeps the brackets of an IPv6 address, and a lookup with brackets fails. */
function targetOf({ protocol, hostname, port, pathname }: URL) {
  const host = hostname.replace(/^\[|\]$/g, '')
  return { protocol: protocol === 'https:' ? ('https:' as const) : ('http:' as const), hostname: host, port, pathname }
}

/** A dead host sends no RST, so connecting needs a timeout of its own. */
function limitConnectTime({ socket }: ClientRequest): void {
  if (!socket?.connecting) return
  const timer = setTimeout(() => socket.destroy(new Error('The node does not answer')), connectTimeoutMs)
  for (const event of ['connect', 'close']) socket.once(event, () => clearTimeout(timer))
}
