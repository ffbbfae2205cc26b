import { request } from 'node:http'
import { connect as connectTcp } from 'node:net'
import { onTestFinished } from 'vitest'

export type Answer = { status: number; body: string }

/** A client of long-polling without a library. */
export class Poller {
  readonly url: string

  private constructor(url: string) {
    this.url = url
  }

  /** Connected to the portal. */
  static async connect({ url }: { url: string }, revision = 4): Promise<Poller> {
    const path = `${url}/socket.io/?EIO=${revision}&transport=polling`
    const open = await (await fetch(path)).text()
    const { sid } = JSON.parse(open.slice(open.indexOf('{'), open.indexOf('}') + 1))
    const poller = new Poller(`${path}&sid=${sid}`)
    if (revision === 4) {
      await poller.post('40')
      await poller.get()
    }
    return poller
  }

  /** Polls on a connection of its own, and does not read the answer. */
  getUnread(): void {
    const { hostname, port, pathname, search } = new URL(this.url)
    const socket = connectTcp(Number(port), hostname).pause()
    onTestFinished(() => void socket.destroy())
    socket.on('error', () => {})
    socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`)
  }

  get = async () => (await this.poll()).body

  async poll(): Promise<Answer> {
    const response = await fetch(this.url)
    return { status: response.status, body: await response.text() }
  }

  post(body: string | Buffer, headers: { [name: string]: string } = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(this.url, { method: 'POST', headers }, (response) => {
        let text = ''
        response.on('data', (data) => (text += data))
        response.on('close', () => resolve({ status: response.statusCode ?? 0, body: text }))
      })
      outgoing.on('error', reject).end(body)
    })
  }
}
