import type { Clock } from './clock.ts'
import type { Link } from './link.ts'

/** How long the server may take to answer on a connection that may be dead, ms. */
const answerTimeoutMs = 4000

/**
 * Checks connections that may have failed without an event, because the machine slept or the network changed: a browser may report them
 * as open for minutes.
 */
export class Liveness {
  readonly #clock: Clock
  #checked: Link | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Closes the connection if the server does not answer in time. @param ask sends a request, and calls `answered` at any answer */
  check(link: Link, ask: (answered: () => void) => void): void {
    if (this.#checked === link) return
    this.#checked = link
    const settle = () => {
      cancel()
      if (this.#checked === link) this.#checked = undefined
    }
    const cancel = this.#clock.after(answerTimeoutMs, () => {
      settle()
      link.close()
    })
    ask(settle)
  }
}
