import type { IncomingMessage } from 'node:http'
import type { NodeLifecycle } from '../../core/cluster/node-lifecycle.ts'
import { networkOf } from '../../core/network.ts'
import type { Trusts } from './client-address.ts'
import { isOwnOrigin } from './own-host.ts'

export type AdmissionLimits = {
  maxConnections: number
  /** 0: no limit. */
  connectionsPerIp: number
  /** `*`: any. Pages of the node's own host are always admitted. */
  corsOrigins: string[]
}

export type AdmissionRefusal = 'draining' | 'cut_off' | 'origin' | 'connections' | 'connections_per_ip'

/** Decides at each handshake whether a client may connect, before the node holds any memory for it. */
export class Admission {
  /** Whether the node is cut off from the store and can serve no client. */
  cutOff: () => boolean = () => false
  readonly #limits: AdmissionLimits
  readonly #lifecycle: NodeLifecycle
  readonly #addressOf: (request: IncomingMessage) => string
  readonly #trusts: Trusts
  readonly #perNetwork = new Map<string, number>()
  #open = 0

  constructor(
    limits: AdmissionLimits,
    lifecycle: NodeLifecycle,
    addressOf: (request: IncomingMessage) => string,
    trusts: Trusts,
  ) {
    this.#limits = limits
    this.#lifecycle = lifecycle
    this.#trusts = trusts
    this.#addressOf = addressOf
  }

  refusalOf(request: IncomingMessage): AdmissionRefusal | undefined {
    const { maxConnections, connectionsPerIp } = this.#limits
    if (this.#lifecycle.isEnding) return 'draining'
    if (this.cutOff()) return 'cut_off'
    if (!this.#isOriginAllowed(request)) return 'origin'
    if (this.#open >= maxConnections) return 'connections'
    const fromNetwork = this.#perNetwork.get(networkOf(this.#addressOf(request))) ?? 0
    if (connectionsPerIp > 0 && fromNetwork >= connectionsPerIp) return 'connections_per_ip'
    return undefined
  }

  /** The number of connections that `maxConnections` limits. */
  get open(): number {
    return this.#open
  }

  /** Counts a connection. The returned function removes it; only its first call counts. */
  count(request: IncomingMessage): () => void {
    const network = networkOf(this.#addressOf(request))
    this.#open += 1
    this.#perNetwork.set(network, (this.#perNetwork.get(network) ?? 0) + 1)
    let left = false
    return () => {
      if (left) return
      left = true
      this.#open -= 1
      const others = (this.#perNetwork.get(network) ?? 1) - 1
      if (others > 0) this.#perNetwork.set(network, others)
      else this.#perNetwork.delete(network)
    }
  }

  /** CORS does not apply to WebSocket: the server has to check the origin (RFC 6455 10.2). */
  #isOriginAllowed(request: IncomingMessage): boolean {
    const { origin } = request.headers
    const { corsOrigins } = this.#limits
    if (origin === undefined || corsOrigins.includes('*') || corsOrigins.includes(origin)) return true
    return isOwnOrigin(origin, request, this.#trusts)
  }
}
