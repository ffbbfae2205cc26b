import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEvery } from './cleanup.ts'
import { freePorts } from './ports.ts'

/** Two sockets that pass bytes to each other. */
type Link = {
  client: Socket
  server: Socket
  /** Role of the connection to Redis, when the client has named it. */
  role: string | undefined
  /** The proxy drops the bytes of both directions, and closes neither side when the other ends: the link stays half-open. */
  swallowed: boolean
  /** The server receives what the client sends, and the proxy drops its answers. */
  answersLost: boolean
}

/** The `connectionName` of src/state/redis/connection.ts. */
const roleIn = (bytes: Buffer) => /signalbox-(\w+)/.exec(bytes.toString('latin1'))?.[1]

const running = new Set<FaultProxy>()
afterEvery('file', () => Promise.all([...running].map((proxy) => proxy.close())))

/** A TCP proxy in front of one Redis server, with the faults that a network has. */
export class FaultProxy {
  readonly port: number
  /** Port of the server behind it. */
  target = 0
  readonly #links = new Set<Link>()
  readonly #server: Server
  #isFaulty: ((link: Link) => boolean) | undefined
  #delayMs = 0
  #unansweredCommand: RegExp | undefined
  #answersLost = 0

  private constructor(server: Server) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (client) => this.#open(client))
    running.add(this)
  }

  /** Listens on a free port of the loopback interface. It is closed after the last test of the file. */
  static async start(): Promise<FaultProxy> {
    const server = createServer()
    const [port = 0] = await freePorts(1)
    await listen(server, port)
    return new FaultProxy(server)
  }

  /** Resets every connection. The kernel refuses new ones. */
  async refuse(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const { client, server } of this.#links) {
      client.resetAndDestroy()
      server.destroy()
    }
    await closed
  }

  /** Makes open and new connections half-open: all of them, or those of one role. */
  swallow(role?: string): void {
    this.#isFaulty = (link) => role === undefined || link.role === role
    for (const link of this.#links) this.#swallowIfFaulty(link)
  }

  /** Drops all further answers on the next connection on which a client writes such a command. Others work. */
  loseAnswers(command: RegExp): void {
    this.#unansweredCommand = command
  }

  /** Number of connections that have lost their answers. */
  get answersLost(): number {
    return this.#answersLost
  }

  /** Delays every byte by this time, in each direction. */
  delay(ms: number): void {
    this.#delayMs = ms
  }

  /** New connections work. Those that were swallowed stay half-open. */
  async pass(): Promise<void> {
    this.#isFaulty = undefined
    this.#delayMs = 0
    if (!this.#server.listening) await listen(this.#server, this.port)
  }

  async close(): Promise<void> {
    running.delete(this)
    await this.refuse()
  }

  #open(client: Socket): void {
    const server = connect(this.target, '127.0.0.1')
    const link: Link = { client, server, role: undefined, swallowed: false, answersLost: false }
    this.#links.add(link)
    this.#swallowIfFaulty(link)
    client.on('data', (bytes) => {
      link.role ??= roleIn(bytes)
      this.#swallowIfFaulty(link)
      if (this.#unansweredCommand?.test(bytes.toString('latin1'))) {
        this.#unansweredCommand = undefined
        this.#answersLost += 1
        link.answersLost = true
      }
    })
    this.#forward(link, client, server)
    this.#forward(link, server, client)
  }

  #swallowIfFaulty(link: Link): void {
    if (this.#isFaulty?.(link)) link.swallowed = true
  }

  #forward(link: Link, from: Socket, to: Socket): void {
    /** Delayed bytes in order, so that bytes that are not delayed any more do not overtake them. */
    const delayed: { due: number; bytes: Buffer }[] = []
    const writeDue = () => {
      for (let [first] = delayed; first && first.due <= performance.now(); [first] = delayed) {
        delayed.shift()
        if (!link.swallowed) to.write(first.bytes)
      }
      const [next] = delayed
      if (next) setTimeout(writeDue, next.due - performance.now() + 1)
    }
    from.setNoDelay(true)
    from.on('data', (bytes) => {
      if (link.swallowed || (link.answersLost && from === link.server)) return
      delayed.push({ due: performance.now() + this.#delayMs, bytes })
      if (delayed.length === 1) writeDue()
    })
    from.on('error', () => {})
    from.on('close', () => {
      if (from === link.client || !link.swallowed) to.destroy()
      if (from === link.client) this.#links.delete(link)
    })
  }
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening') // rejects on an error, and leaves no listener behind
}
