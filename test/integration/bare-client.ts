import { WebSocket } from 'ws'
import type { Answer } from '../support/client.ts'

/**
 * Socket.IO by hand over a WebSocket: for what no client library does. It answers no protocol ping by itself, so that the
 * server never learns that anything arrived.
 */
export class BareClient {
  readonly #socket: WebSocket
  /** Every frame, as it came. */
  readonly frames: string[] = []
  /** What every protocol ping carried. */
  readonly pings: string[] = []
  readonly closed: Promise<void>
  readonly #waiting = new Set<() => void>()
  #requests = 0

  constructor(url: string, query = 'EIO=4&transport=websocket') {
    this.#socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?${query}`, { autoPong: false })
    this.closed = new Promise((resolve) => this.#socket.once('close', () => resolve()))
    this.#socket.on('error', () => {})
    const noted = (list: string[]) => (data: unknown) => {
      list.push(String(data))
      for (const look of this.#waiting) look()
    }
    this.#socket.on('message', noted(this.frames))
    this.#socket.on('ping', noted(this.pings))
  }

  /** Connected to the portal. */
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

  /** The first frame that looks so; undefined when the connection closes without one. */
  frame(pattern: RegExp): Promise<string | undefined> {
    return this.#until(() => this.frames.find((frame) => pattern.test(frame)))
  }

  /** What the nth protocol ping carried, counted from 1; undefined when the connection closes without it. */
  ping(nth: number): Promise<string | undefined> {
    return this.#until(() => this.pings[nth - 1])
  }

  #until(find: () => string | undefined): Promise<string | undefined> {
    return new Promise((resolve) => {
      const look = () => {
        const found = find()
        if (found === undefined) return
        this.#waiting.delete(look)
        resolve(found)
      }
      this.#waiting.add(look)
      void this.closed.then(() => resolve(undefined))
      look()
    })
  }

  async request(event: string, ...args: unknown[]): Promise<Answer> {
    const id = ++this.#requests
    this.send(`42${id}${JSON.stringify([event, ...args])}`)
    const frame = await this.frame(new RegExp(`^43${id}\\[`))
    const [status, data, more] = JSON.parse(frame?.slice(`43${id}`.length) ?? '["closed"]')
    return status === 'error' ? { status, error: data, code: more?.code } : { status, data }
  }

  /** The connection ends without a goodbye. */
  async terminate(): Promise<void> {
    this.#socket.terminate()
    await this.closed
  }
}
