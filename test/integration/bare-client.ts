import { WebSocket } from 'ws'
import type { Answer } from '../support/client.ts'

/**
 * Socket.IO over a WebSocket without a client library, for packets that no library sends. It answers no WebSocket ping by itself,
 * so that the server gets no confirmation that anything has arrived.
 */
export class BareClient {
  readonly #socket: WebSocket
  /** All received frames. */
  readonly frames: string[] = []
  /** The data of all WebSocket pings. */
  readonly pings: string[] = []
  readonly closed: Promise<void>
  readonly #waiting = new Set<() => void>()
  #requests = 0

  constructor(url: string, query = 'EIO=4&transport=websocket') {
    this.#socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?${query}`, { autoPong: false })
    this.closed = new Promise((resolve) => this.#socket.once('close', () => resolve()))
    this.#socket.on('error', () => {})
    const recorder = (list: string[]) => (data: unknown) => {
      list.push(String(data))
      for (const check of this.#waiting) check()
    }
    this.#socket.on('message', recorder(this.frames))
    this.#socket.on('ping', recorder(this.pings))
  }

  /** Connects to the portal. */
  static async connect(url: string): Promise<BareClient> {
    const client = new BareClient(url)
    await client.frame(/^0/)
    client.send('40')
    await client.frame(/^40/)
    return client
  }

  send(data: string | Buffer): void {
    this.#socket.send(data)
  }

  pong(data: string): void {
    this.#socket.pong(data)
  }

  /** The first frame that matches; undefined when the connection closes without one. */
  frame(pattern: RegExp): Promise<string | undefined> {
    return this.#until(() => this.frames.find((frame) => pattern.test(frame)))
  }

  /** The data of the nth WebSocket ping, counted from 1; undefined when the connection closes without it. */
  ping(nth: number): Promise<string | undefined> {
    return this.#until(() => this.pings[nth - 1])
  }

  #until(search: () => string | undefined): Promise<string | undefined> {
    return new Promise((resolve) => {
      const check = () => {
        const found = search()
        if (found === undefined) return
        this.#waiting.delete(check)
        resolve(found)
      }
      this.#waiting.add(check)
      void this.closed.then(() => resolve(undefined))
      check()
    })
  }

  async request(event: string, ...args: unknown[]): Promise<Answer> {
    const id = ++this.#requests
    this.send(`42${id}${JSON.stringify([event, ...args])}`)
    const frame = await this.frame(new RegExp(`^43${id}\\[`))
    const [status, data, more] = JSON.parse(frame?.slice(`43${id}`.length) ?? '["closed"]')
    return status === 'error' ? { status, error: data, code: more?.code } : { status, data }
  }

  /** Closes the TCP connection without a close frame or packet. */
  async terminate(): Promise<void> {
    this.#socket.terminate()
    await this.closed
  }
}
