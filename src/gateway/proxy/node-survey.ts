import { inBackground } from '../../core/background.ts'
import { NodeDirectory, type NodeDirectoryDeps, routeAt } from './node-directory.ts'

/** The path below NODE_URL at which a node answers `{ reachable: boolean }`: whether it reaches the store. */
export const storePath = '/node/store'

/** How long another node may take to answer, ms. */
const answerTimeoutMs = 1000

/** Asks the other nodes whether they reach the store. While the store does not answer, those are the nodes of its last list. */
export class NodeSurvey {
  readonly #node: string
  readonly #failed: (error: unknown) => void
  readonly #directory: NodeDirectory
  #timer: NodeJS.Timeout | undefined

  /** @param node the id under which this node is registered */
  constructor(node: string, deps: NodeDirectoryDeps) {
    this.#node = node
    this.#failed = deps.failed
    this.#directory = new NodeDirectory(deps)
  }

  /** Lists the nodes now and then every `intervalMs`. */
  start(intervalMs: number): void {
    const list = () => inBackground(() => this.#directory.refresh(), this.#failed)
    list()
    this.#timer = setInterval(list, intervalMs).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /**
   * True if there are other nodes and all of them answer that they do not reach the store. A node that does not answer, or
   * whose older version has no such route, may reach it. Never rejects.
   */
  async allCutOff(): Promise<boolean> {
    const others = [...this.#directory.known].filter(([id]) => id !== this.#node)
    const cutOff = await Promise.all(others.map(([, url]) => isCutOff(url)))
    return cutOff.length > 0 && cutOff.every(Boolean)
  }
}

/** False without a valid answer. */
async function isCutOff(base: URL): Promise<boolean> {
  try {
    const response = await fetch(routeAt(base, storePath), { signal: AbortSignal.timeout(answerTimeoutMs) })
    const answer: unknown = await response.json()
    return response.ok && typeof answer === 'object' && answer !== null && Object(answer).reachable === false
  } catch {
    return false
  }
}
