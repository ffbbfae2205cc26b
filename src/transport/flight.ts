import type { Socket } from 'socket.io'
import { whenProven } from './proof.ts'

/**
 * What was sent to one client and may not have arrived. One proof is under way at a time, so that it costs a ping per
 * round trip at most, and none when nothing is sent.
 */
export class Flight {
  readonly #socket: Socket
  #oldest: number | undefined
  #newest = 0
  #proving = false

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** The smallest seq that may not have arrived, or one before it that was not for this client. */
  get oldest(): number | undefined {
    return this.#oldest
  }

  sent(seq: number): void {
    this.#oldest ??= seq
    this.#newest = seq
    if (!this.#proving) this.#prove()
  }

  #prove(): void {
    const mark = this.#newest
    this.#proving = true
    whenProven(this.#socket, () => {
      this.#proving = false
      this.#oldest = this.#newest > mark ? mark + 1 : undefined
      if (this.#oldest !== undefined) this.#prove()
    })
  }
}
