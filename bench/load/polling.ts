import { Agent, request } from 'node:http'
import { writeToken } from '../../src/core/auth/tokens.ts'
import { quantile } from '../harness/statistics.ts'
import { secret } from '../servers.ts'
import type { Arrivals, PollingAudience } from './commands.ts'

/** Between two packets of one HTTP body, in Engine.IO 4. */
const separator = '\x1e'
const agent = new Agent({ keepAlive: true })

/** A client that stays with long-polling. It polls again as soon as a poll is answered. */
class PollingClient {
  readonly #path: string
  readonly #url: string
  readonly #waiting = new Map<string, (packet: string) => void>()
  #ackNumber = 0
  #closed = false

  private constructor(url: string, sid: string) {
    this.#url = url
    this.#path = `/socket.io/?EIO=4&transport=polling&sid=${sid}`
  }

  /** @param home answers the handshake and so has the connection; everything else goes to `url` */
  static async connect(home: string, url: string): Promise<PollingClient> {
    const opened = await send(home, '/socket.io/?EIO=4&transport=polling')
    const { sid } = JSON.parse(opened.slice(1)) as { sid: string }
    const client = new PollingClient(url, sid)
    const connected = client.#next('40')
    await client.#post('40{"seq":true}')
    client.#poll()
    await connected
    return client
  }

  /** Resolves to the ack's arguments. */
  async request(event: string, json: string): Promise<unknown[]> {
    this.#ackNumber += 1
    const number = this.#ackNumber
    const acked = this.#next(`43${number}[`)
    await this.#post(`42${number}["${event}",${json}]`)
    const packet = await acked
    return JSON.parse(packet.slice(packet.indexOf('[')))
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#post('1')
  }

  #next(start: string): Promise<string> {
    return new Promise((resolve) => this.#waiting.set(start, resolve))
  }

  #post(body: string): Promise<string> {
    return send(this.#url, this.#path, body)
  }

  async #poll(): Promise<void> {
    while (!this.#closed) {
      const body = await send(this.#url, this.#path).catch(() => '')
      for (const packet of body.split(separator)) this.#receive(packet)
      if (body === '') this.#closed = true
    }
  }

  #receive(packet: string): void {
    if (packet === '2') this.#post('3').catch(() => {})
    for (const [start, resolve] of this.#waiting) {
      if (!packet.startsWith(start)) continue
      this.#waiting.delete(start)
      resolve(packet)
    }
  }
}

/** GET, or POST with a body. @throws Error unless the status is 200 */
function send(url: string, path: string, body?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers =
      body === undefined ? {} : { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body) }
    const sent = request(
      `${url}${path}`,
      { agent, method: body === undefined ? 'GET' : 'POST', headers },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (part: string) => {
          text += part
        })
        response.on('end', () =>
          response.statusCode === 200 ? resolve(text) : reject(new Error(`${path}: ${response.statusCode} ${text}`)),
        )
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Clients with long-polling, in rooms of two. */
export class PollingPool {
  readonly #members: { client: PollingClient; id: string }[] = []

  async enter({ home, url, clients, durable }: PollingAudience): Promise<void> {
    const entered = Array.from({ length: clients }, async (_, index) => {
      const client = await PollingClient.connect(home, url)
      const [status, reply] = await client.request('login', loginOf(index, durable))
      if (status !== 'ok') throw new Error(`login was refused: ${String(reply)}`)
      return { client, id: (reply as { id: string }).id }
    })
    this.#members.push(...(await Promise.all(entered)))
  }

  /** The clients send each other messages, each its next one after the ack. Their times are from the request to the ack. */
  async exchange(requests: number): Promise<Arrivals> {
    const times: number[] = []
    const started = performance.now()
    const exchanges = this.#members.map(async ({ client }, index) => {
      const text = JSON.stringify({ to: this.#members[index ^ 1]?.id, message: 'x'.repeat(500) })
      for (let count = 0; count < requests; count += 1) {
        const begun = performance.now()
        const [status, reply] = await client.request('text', text)
        if (status !== 'ok') throw new Error(`text was refused: ${String(reply)}`)
        times.push(performance.now() - begun)
      }
    })
    await Promise.all(exchanges)
    const seconds = (performance.now() - started) / 1000
    return { seconds, p50: quantile(times, 0.5), p99: quantile(times, 0.99), retries: 0 }
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.splice(0).map(({ client }) => client.close()))
  }
}

function loginOf(index: number, durable: boolean): string {
  const claims = { room: `polling-${index >> 1}`, user: `p${index}`, role: 'presenter' }
  if (!durable) return JSON.stringify(claims)
  const token = writeToken([secret], claims, { host: 'localhost', secure: false }, Date.now() + 60_000)
  return JSON.stringify({ token, userAgent: { sdk: { type: 'JavaScript', version: '5.1' } }, protocol: '1.2' })
}
