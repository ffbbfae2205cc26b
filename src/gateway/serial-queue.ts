import { inBackground } from '../core/background.ts'

/** Serves the requests of one connection one after the other, in the order of their arrival. */
export class SerialQueue<Request> {
  readonly #serve: (request: Request) => Promise<void>
  readonly #failed: (error: unknown, request: Request) => void
  #waiting: Request[] = []
  #serving = false

  /**
   * @param serve serves a request and acks its refusal
   * @param failed called when `serve` throws or rejects; the next requests are served
   */
  constructor(serve: (request: Request) => Promise<void>, failed: (error: unknown, request: Request) => void) {
    this.#serve = serve
    this.#failed = failed
  }

  push(request: Request): void {
    this.#waiting.push(request)
    if (this.#serving) return
    this.#serving = true
    inBackground(() => this.#run(), ignore)
  }

  /** Removes and returns all requests that wait. */
  take(): Request[] {
    const waiting = this.#waiting
    this.#waiting = []
    return waiting
  }

  /** Begins after the current step, so that `push` returns before the first request is served. */
  async #run(): Promise<void> {
    await undefined
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) await this.#serveOne(next)
    this.#serving = false
  }

  async #serveOne(request: Request): Promise<void> {
    try {
      await this.#serve(request)
    } catch (error) {
      inBackground(() => this.#failed(error, request), ignore)
    }
  }
}

const ignore = () => {}
