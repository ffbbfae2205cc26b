import { io } from 'socket.io-client'
import { onTestFinished } from 'vitest'

/** Connects to an address, again and again, one connection at a time, until it is stopped. */
export class Visitor {
  visits = 0
  /** How often it was not let in, and how often not at the second try either. */
  refused = { once: 0, twice: 0 }
  #stopped = false
  readonly #done: Promise<void>

  constructor({ url }: { url: string }) {
    this.#done = this.#comeAndGo(url)
    onTestFinished(() => void this.stop())
  }

  /** Resolves when it has left. */
  stop(): Promise<void> {
    this.#stopped = true
    return this.#done
  }

  async #comeAndGo(url: string): Promise<void> {
    while (!this.#stopped) {
      this.visits += 1
      if (await visit(url)) continue
      this.refused.once += 1
      if (!(await visit(url))) this.refused.twice += 1
    }
  }
}

/** Resolves to whether it was let in. */
function visit(url: string): Promise<boolean> {
  const socket = io(url, { transports: ['websocket'], forceNew: true, reconnection: false, timeout: 5000 })
  return new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true))
    socket.once('connect_error', () => resolve(false))
  }).finally(() => socket.disconnect())
}
