import { inBackground } from '../../core/background.ts'
import type { NodeInfo } from '../../core/ports/node-registry.ts'

/** For how long an address is used without asking, and then while it is being asked, ms. */
const refreshAfterMs = 5000
const expireAfterMs = 30_000
/** Between one question and the next, ms: whatever clients send, the store is not asked more often. */
const minLookupIntervalMs = 500

export type NodeDirectoryParts = { nodes: () => Promise<NodeInfo[]>; failed: (error: unknown) => void }

/** The address of a route of a node, whose NODE_URL may have a path. */
export function routeAt(node: URL, path: string): URL {
  const url = new URL(node)
  url.pathname = `${node.pathname.replace(/\/$/, '')}${path}`
  return url
}

/** Where the other nodes are, as they are registered. While the store is away: as they were. */
export class NodeDirectory {
  readonly #parts: NodeDirectoryParts
  #known = new Map<string, URL>()
  #checked = Number.NEGATIVE_INFINITY
  #begun = Number.NEGATIVE_INFINITY
  /** A list that is not begun yet: who waits for it gets one that is newer than its question. */
  #next: Promise<void> | undefined

  constructor(parts: NodeDirectoryParts) {
    this.#parts = parts
  }

  /** Undefined when there is no such node. A node is registered before it listens, so none is overlooked. */
  async addressOf(node: string): Promise<URL | undefined> {
    const age = performance.now() - this.#checked
    const known = this.#known.get(node)
    if (!known || age > expireAfterMs) {
      await this.list()
      return this.#known.get(node)
    }
    if (age > refreshAfterMs) inBackground(() => this.list(), this.#parts.failed)
    return known
  }

  /** Every node by its id, this one too, as far as the last list had it. */
  get known(): ReadonlyMap<string, URL> {
    return this.#known
  }

  /** Asks the store for the nodes. Never rejects. */
  list(): Promise<void> {
    this.#next ??= this.#listSoon()
    return this.#next
  }

  async #listSoon(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, this.#begun + minLookupIntervalMs - performance.now()).unref())
    this.#next = undefined
    this.#begun = performance.now()
    try {
      const nodes = await this.#parts.nodes()
      // port 0: it listens where it may, and will say where
      const there = nodes.filter(({ url }) => URL.canParse(url) && new URL(url).port !== '0')
      this.#known = new Map(there.map(({ id, url }) => [id, new URL(url)]))
    } catch (error) {
      this.#parts.failed(error)
    }
    this.#checked = performance.now()
  }
}
