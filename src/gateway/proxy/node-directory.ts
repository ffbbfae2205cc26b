import { inBackground } from '../../core/background.ts'
import type { NodeInfo } from '../../core/ports/node-registry.ts'

/** The age after which the list is refreshed in the background, ms. */
const refreshAfterMs = 5000
/** The age after which an address is not used before a refresh, ms. */
const expireAfterMs = 30_000
/** The shortest time between two reads of the list, ms, however many requests clients send. */
const minLookupIntervalMs = 500

export type NodeDirectoryDeps = { nodes: () => Promise<NodeInfo[]>; failed: (error: unknown) => void }

/** The URL of a route of a node. Its NODE_URL may have a path. */
export function routeAt(node: URL, path: string): URL {
  const url = new URL(node)
  url.pathname = `${node.pathname.replace(/\/$/, '')}${path}`
  return url
}

/** The URLs of the registered nodes. While the store does not answer, those of the last list. */
export class NodeDirectory {
  readonly #deps: NodeDirectoryDeps
  #known = new Map<string, URL>()
  #listedAt = Number.NEGATIVE_INFINITY
  #startedAt = Number.NEGATIVE_INFINITY
  /** A read that has not started yet, so that its callers get a list that is newer than their call. */
  #next: Promise<void> | undefined

  constructor(deps: NodeDirectoryDeps) {
    this.#deps = deps
  }

  /** Undefined if there is no such node. A node registers before it listens, so the list has every node that has connections. */
  async urlOf(node: string): Promise<URL | undefined> {
    const age = performance.now() - this.#listedAt
    const known = this.#known.get(node)
    if (!known || age > expireAfterMs) {
      await this.refresh()
      return this.#known.get(node)
    }
    if (age > refreshAfterMs) inBackground(() => this.refresh(), this.#deps.failed)
    return known
  }

  /** Every node of the last list by its id, this node included. */
  get known(): ReadonlyMap<string, URL> {
    return this.#known
  }

  /** Reads the list of nodes from the store. Never rejects. */
  refresh(): Promise<void> {
    this.#next ??= this.#refreshSoon()
    return this.#next
  }

  async #refreshSoon(): Promise<void> {
    await new Promise((resolve) =>
      setTimeout(resolve, this.#startedAt + minLookupIntervalMs - performance.now()).unref(),
    )
    this.#next = undefined
    this.#startedAt = performance.now()
    try {
      const nodes = await this.#deps.nodes()
      // a node with port 0 registers its real port later
      const listening = nodes.filter(({ url }) => URL.canParse(url) && new URL(url).port !== '0')
      this.#known = new Map(listening.map(({ id, url }) => [id, new URL(url)]))
    } catch (error) {
      this.#deps.failed(error)
    }
    this.#listedAt = performance.now()
  }
}
