import { io } from 'socket.io-client'
import { onTestFinished } from 'vitest'

/** Connects and disconnects repeatedly, one connection at a time, until stopped. */
export class ConnectionChurn {
  attempts = 0
  /** Number of refused connections, and of those whose second attempt was refused too. */
  refused = { once: 0, twice: 0 }
  #stopped = false
  readonly #done: Promise<void>

  constructor({ url }: { url: string }) {
    this.#done = this.#run(url)
    onTestFinished(() => void this.stop())
  }

  /** Resolves when the last connection is closed. */
  stop(): Promise<void> {
    this.#stopped = true
    return this.#done
  }

  async #run(url: string): Promise<void> {
    while (!this.#stopped) {
      this.attempts += 1
      if (await isAccepted(url)) continue
      this.refused.once += 1
      if (!(await isAccepted(url))) this.refused.twice += 1
    }
  }
}

/** Resolves to whether the server accepted the connection. */
function isAccepted(url: string): Promise<boolean> {
  const socket = io(url, { transports: ['websocket'], forceNew: true, reconnection: false, timeout: 5000 })
  return new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true))
    socket.once('connect_error', () => resolve(false))
  }).finally(() => socket.disconnect())
}
