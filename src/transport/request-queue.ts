/** The requests of one connection that are served one after the other, in the order they came. */
export class RequestQueue<Request> {
  readonly #serve: (request: Request) => Promise<void>
  #waiting: Request[] = []
  #serving = false

  /** @param serve rejects never */
  constructor(serve: (request: Request) => Promise<void>) {
    this.#serve = serve
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
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) await this.#serve(next)
    this.#serving = false
  }
}
