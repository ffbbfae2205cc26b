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
  /** Bytes are dropped in both directions, and no end is passed on: the link stays half-open for good. */
  swallowed: boolean
  /** The server gets what the client sends, and its answers are dropped. */
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
  #swallows: ((link: Link) => boolean) | undefined
  #delayMs = 0
  #loses: RegExp | undefined
  #answersLost = 0

  private constructor(server: Server) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (client) => this.#join(client))
    running.add(this)
  }

  /** Listens on a free port of the loopback interface, until the last test of the file is over. */
  static async start(): Promise<FaultProxy> {
    const server = createServer()
    const [port = 0] = await freePorts(1)
    await listen(server, port)
    return new FaultProxy(server)
  }

  /** Every connection is reset, and new ones are refused by the kernel. */
  async refuse(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const { client, server } of this.#links) {
      client.resetAndDestroy()
      server.destroy()
    }
    await closed
  }

  /** Open and new connections become half-open: all of them, or those of one role. */
  swallow(role?: string): void {
    this.#swallows = (link) => role === undefined || link.role === role
    for (const link of this.#links) this.#look(link)
  }

  /** The connection on which a client next writes such a command loses all answers from then on. Others work. */
  loseAnswers(command: RegExp): void {
    this.#loses = command
  }

  /** How many connections have lost their answers. */
  get answersLost(): number {
    return this.#answersLost
  }

  /** Every byte arrives so much later, in each direction. */
  delay(ms: number): void {
    this.#delayMs = ms
  }

  /** New connections work. Those that were swallowed stay half-open. */
  async pass(): Promise<void> {
    this.#swallows = undefined
    this.#delayMs = 0
    if (!this.#server.listening) await listen(this.#server, this.port)
  }

  async close(): Promise<void> {
    running.delete(this)
    await this.refuse()
  }

  #join(client: Socket): void {
    const server = connect(this.target, '127.0.0.1')
    const link: Link = { client, server, role: undefined, swallowed: false, answersLost: false }
    this.#links.add(link)
    this.#look(link)
    client.on('data', (bytes) => {
      link.role ??= roleIn(bytes)
      this.#look(link)
      if (this.#loses?.test(bytes.toString('latin1'))) {
        this.#loses = undefined
        this.#answersLost += 1
        link.answersLost = true
      }
    })
    this.#forward(link, client, server)
    this.#forward(link, server, client)
  }

  #look(link: Link): void {
    if (this.#swallows?.(link)) link.swallowed = true
  }

  #forward(link: Link, from: Socket, to: Socket): void {
    /** Bytes under way, in order: a delay that ends does not let later bytes overtake. */
    const underWay: { due: number; bytes: Buffer }[] = []
    const joinOrResume = () => {
      for (let [first] = underWay; first && first.due <= performance.now(); [first] = underWay) {
        underWay.shift()
        if (!link.swallowed) to.write(first.bytes)
      }
      const [next] = underWay
      if (next) setTimeout(joinOrResume, next.due - performance.now() + 1)
    }
    from.setNoDelay(true)
    from.on('data', (bytes) => {
      if (link.swallowed || (link.answersLost && from === link.server)) return
      underWay.push({ due: performance.now() + this.#delayMs, bytes })
      if (underWay.length === 1) joinOrResume()
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
