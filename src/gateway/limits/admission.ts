import type { IncomingMessage } from 'node:http'
import type { NodeLifecycle } from '../../core/cluster/node-lifecycle.ts'
import { networkOf } from '../../core/network.ts'
import type { Trusts } from './client-address.ts'
import { isOwnOrigin } from './own-host.ts'

export type AdmissionLimits = {
  maxConnections: number
  /** 0: no limit. */
  connectionsPerIp: number
  /** `*`: any. A browser's page of this very host is always let in. */
  corsOrigins: string[]
}

export type AdmissionRefusal = 'draining' | 'cut_off' | 'origin' | 'connections' | 'connections_per_ip'

/** Who may open a connection: asked at every handshake, before anything is kept for it. */
export class Admission {
  /** Whether the node is cut off from the store, so that it can serve nobody. */
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
    if (!this.#mayCome(request)) return 'origin'
    if (this.#open >= maxConnections) return 'connections'
    const here = this.#perNetwork.get(networkOf(this.#addressOf(request))) ?? 0
    if (connectionsPerIp > 0 && here >= connectionsPerIp) return 'connections_per_ip'
    return undefined
  }

  /** How many there are of what `maxConnections` limits. */
  get open(): number {
    return this.#open
  }

  /** Counts a connection in; the result counts it out, once. */
  enter(request: IncomingMessage): () => void {
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

  /** CORS does not hold for WebSocket: the server itself has to look at the origin (RFC 6455 10.2). */
  #mayCome(request: IncomingMessage): boolean {
    const { origin } = request.headers
    const { corsOrigins } = this.#limits
    if (origin === undefined || corsOrigins.includes('*') || corsOrigins.includes(origin)) return true
    return isOwnOrigin(origin, request, this.#trusts)
  }
}
