import type { Clock } from './clock.ts'
import type { Link } from './link.ts'

/** How long a connection that may be gone has for an answer, ms. */
const answerTimeoutMs = 4000

/**
 * Checks connections that may be gone without a word, after the machine slept or the network changed: the browser may take them for
 * open for minutes.
 */
export class Liveness {
  readonly #clock: Clock
  #checked: Link | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Closes the connection if the server does not answer. @param ask asks anything, and calls back with any answer */
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
