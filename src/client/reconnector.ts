import { BackOff } from './back-off.ts'
import type { Clock } from './clock.ts'
import type { Link } from './link.ts'
import type { Network } from './network.ts'
import type { BackOffOptions } from './options.ts'

/** The least time between two tries of a hidden page without a pause, ms. */
const minImmediateRetryIntervalMs = 10_000

type ReconnectorOptions = { urls: readonly string[]; backOff: BackOffOptions }

type ReconnectorDeps = { clock: Clock; random: () => number; network: Network }

/** The session for which the reconnector finds connections. */
type ReconnectorCallbacks = {
  /** Whether the session wants a connection, and has none that stays. */
  wantsConnection(): boolean
  /** A connection is about to be tried. */
  trying(): void
  connect(url: string, signal: AbortSignal): Promise<Link>
  /**
   * Puts the connection to use. False: it cannot serve what the program wants now, and the next try follows at once. Rejects if that
   * fails, or if `signal` aborts. The reconnector closes the connection in both cases.
   */
  establish(link: Link, signal: AbortSignal): Promise<boolean>
  /** The network is back, or the machine runs again after a suspension: an open connection may be dead. */
  mayBeDead(): void
  /** A try failed. The next one follows if a connection is still wanted. @returns whether it follows at once */
  failed(error: unknown): boolean
}

/** Finds a connection to any of the nodes, with back-off. Tries at once when the network returns or the machine wakes. */
export class Reconnector {
  readonly #options: ReconnectorOptions
  readonly #deps: ReconnectorDeps
  readonly #callbacks: ReconnectorCallbacks
  readonly #backOff: BackOff
  #index: number
  #run: AbortController | undefined
  #wake: (() => void) | undefined
  #unsubscribers: (() => void)[] = []
  /** When a hidden page last tried without a pause. */
  #unpausedAt = Number.NEGATIVE_INFINITY

  constructor(options: ReconnectorOptions, deps: ReconnectorDeps, callbacks: ReconnectorCallbacks) {
    this.#options = options
    this.#deps = deps
    this.#callbacks = callbacks
    this.#backOff = new BackOff(options.backOff, deps.random)
    this.#index = Math.floor(deps.random() * options.urls.length)
  }

  /** @param atOnce the first try does not wait; a back-off is for clients that lost their connections at the same time */
  start(atOnce = false): void {
    if (this.#run) return
    const run = new AbortController()
    this.#run = run
    this.#listen()
    void this.#search(run, atOnce)
  }

  stop(): void {
    this.#run?.abort()
    this.#run = undefined
    for (const off of this.#unsubscribers.splice(0)) off()
    this.#wake?.()
  }

  /** Timers of a hidden page may be a minute late, which is too late for the session. So some tries skip the pause, but not all. */
  #canSkipPause(): boolean {
    const { clock, network } = this.#deps
    if (!network.throttled?.() || clock.now() - this.#unpausedAt < minImmediateRetryIntervalMs) return false
    this.#unpausedAt = clock.now()
    return true
  }

  #listen(): void {
    if (this.#unsubscribers.length > 0) return
    const { network } = this.#deps
    const woke = () => {
      this.#retryNow()
      this.#callbacks.mayBeDead()
    }
    this.#unsubscribers = [network.onChange((online) => online && woke()), network.onWake?.(woke) ?? (() => {})]
  }

  #retryNow(): void {
    this.#backOff.reset()
    this.#wake?.()
  }

  async #search(run: AbortController, atOnce: boolean): Promise<void> {
    const isWanted = () => !run.signal.aborted && this.#callbacks.wantsConnection()
    for (let now = atOnce; isWanted(); ) {
      const delay = now || this.#canSkipPause() ? 0 : this.#backOff.next()
      await this.#pause(delay) // also while offline: with a VPN a device may wrongly report that it is offline
      now = isWanted() && (await this.#try(run.signal))
    }
    if (this.#run === run) this.#run = undefined
  }

  /** Returns whether the next try follows at once, if one is wanted. */
  async #try(signal: AbortSignal): Promise<boolean> {
    const { urls } = this.#options
    const url = urls[this.#index % urls.length] as string
    this.#index += 1 // a failed try, or a lost connection, is followed by the next node
    this.#callbacks.trying()
    let link: Link | undefined
    try {
      link = await this.#callbacks.connect(url, signal)
      const isUsed = await this.#callbacks.establish(link, signal)
      if (isUsed) this.#backOff.reset()
      else link.close()
      return !isUsed
    } catch (error) {
      link?.close()
      return !signal.aborted && this.#callbacks.failed(error)
    }
  }

  /** Ends early if the network returns or the machine wakes. */
  #pause(ms: number): Promise<void> {
    if (ms === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        cancel()
        this.#wake = undefined
        resolve()
      }
      const cancel = this.#deps.clock.after(ms, done)
      this.#wake = done
    })
  }
}
