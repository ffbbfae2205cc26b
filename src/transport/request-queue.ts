/** The requests of one connection that are served one after the other, in the order they came. */
export class RequestQueue<Request> {
  readonly #serve: (request: Request) => Promise<void>
  readonly #failed: (error: unknown) => void
  #waiting: Request[] = []
  #serving = false

  /**
   * @param serve acks its own refusals
   * @param failed called when `serve` throws or rejects; the next requests are served
   */
  constructor(serve: (request: Request) => Promise<void>, failed: (error: unknown) => void) {
    this.#serve = serve
    this.#failed = failed
  }

  push(request: Request): void {
    this.#waiting.push(request)
    if (this.#serving) return
    this.#serving = true
    void Promise.resolve().then(() => this.#run())
  }

  /** Takes out all that nobody works on yet. */
  take(): Request[] {
    const waiting = this.#waiting
    this.#waiting = []
    return waiting
  }

  async #run(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      try {
        await this.#serve(next)
      } catch (error) {
        this.#failed(error)
      }
    }
    this.#serving = false
  }
}
