import type { WebSocket } from 'ws'

/**
 * Answers pings with at most one unsent pong. Of the pings that arrive meanwhile it answers only the latest (RFC 6455 5.5.3), so
 * that a client that sends pings and does not read uses no memory.
 */
export class Pongs {
  readonly #webSocket: WebSocket
  #sending = false
  #latest: Buffer | undefined

  constructor(webSocket: WebSocket) {
    this.#webSocket = webSocket
  }

  answer(ping: Buffer): void {
    this.#latest = ping
    if (!this.#sending) this.#send()
  }

  #send(): void {
    if (this.#latest === undefined || this.#webSocket.readyState !== this.#webSocket.OPEN) return
    // a copy: a slice would keep the whole read in memory until the client has read its pong
    const pong = Buffer.from(this.#latest)
    this.#latest = undefined
    this.#sending = true
    this.#webSocket.pong(pong, false, () => {
      this.#sending = false
      this.#send()
    })
  }
}
