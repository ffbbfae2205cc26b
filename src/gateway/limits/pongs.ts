import type { WebSocket } from 'ws'

/**
 * Answers pings with at most one pong on its way to the client: of the pings that come meanwhile only the latest is
 * answered (RFC 6455 5.5.3), so that a client that sends pings and does not read costs no memory.
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
    // a copy: a slice would keep the whole read while the client does not take its pong
    const pong = Buffer.from(this.#latest)
    this.#latest = undefined
    this.#sending = true
    this.#webSocket.pong(pong, false, () => {
      this.#sending = false
      this.#send()
    })
  }
}
