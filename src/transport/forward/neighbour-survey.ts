import { inBackground } from '../../core/background.ts'
import { type NeighbourParts, Neighbours } from './neighbours.ts'

/** Where a node says whether it reaches the store, below its NODE_URL: `{ reachable: boolean }`. */
export const storePath = '/node/store'

/** How long a neighbour may take to answer, ms. */
const answerTimeoutMs = 1000

/** Asks the other nodes whether they reach the store. While the store is away it asks those that it listed before. */
export class NeighbourSurvey {
  readonly #node: string
  readonly #failed: (error: unknown) => void
  readonly #neighbours: Neighbours
  #timer: NodeJS.Timeout | undefined

  /** @param node this one, as it is registered */
  constructor(node: string, parts: NeighbourParts) {
    this.#node = node
    this.#failed = parts.failed
    this.#neighbours = new Neighbours(parts)
  }

  /** @param intervalMs between one list of the nodes and the next */
  start(intervalMs: number): void {
    const list = () => inBackground(() => this.#neighbours.list(), this.#failed)
    list()
    this.#timer = setInterval(list, intervalMs).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /**
   * Whether every neighbour says that it does not reach the store, and there is a neighbour. One that does not answer, or
   * has an older version that cannot say, may reach it. Never rejects.
   */
  async allCutOff(): Promise<boolean> {
    const others = [...this.#neighbours.known].filter(([id]) => id !== this.#node)
    const cutOff = await Promise.all(others.map(([, url]) => saysCutOff(url)))
    return cutOff.length > 0 && cutOff.every(Boolean)
  }
}

async function saysCutOff(base: URL): Promise<boolean> {
  const url = new URL(base)
  url.pathname = `${base.pathname.replace(/\/$/, '')}${storePath}`
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(answerTimeoutMs) })
    const answer: unknown = await response.json()
    return response.ok && typeof answer === 'object' && answer !== null && Object(answer).reachable === false
  } catch {
    return false
  }
}
