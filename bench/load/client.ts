import { WebSocket } from 'ws'

type Ack = (args: unknown[]) => void

/** What one client counts for its pool. Frames are those of Engine.IO 4 and Socket.IO 5. */
export type ClientEvents = {
  /** An event has arrived, other than an ack. */
  event: (client: BenchClient, frame: string) => void
  /** The ack of `send` has arrived. */
  ack: (accepted: boolean) => void
}

/**
 * A Socket.IO client that reads of each frame only what the bench needs, so that the load generator takes less CPU time than
 * the servers. It answers heartbeats; `ws` answers the pings of WebSocket.
 */
export class BenchClient {
  readonly #socket: WebSocket
  readonly #events: ClientEvents
  readonly #acks = new Map<string, Ack>()
  readonly #auth: string
  #ackNumber = 0
  #lastEvent = ''
  #connected: () => void = () => {}
  #failed: (error: Error) => void = () => {}

  constructor(url: string, auth: object, events: ClientEvents) {
    this.#auth = JSON.stringify(auth)
    this.#events = events
    const address = `${url.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`
    this.#socket = new WebSocket(address, { perMessageDeflate: false, skipUTF8Validation: true })
    this.#socket.on('message', (data: Buffer) => this.#receive(data.toString()))
    this.#socket.on('error', (error) => this.#failed(error))
    this.#socket.on('close', () => this.#failed(new Error('The server closed the connection')))
  }

  /** Resolves when the namespace is connected. */
  connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#connected = resolve
      this.#failed = reject
    })
  }

  /** The data of the ack. @throws Error if the server refuses the request or closes the connection */
  async request(event: string, json: string): Promise<unknown> {
    const [status, data] = await new Promise<unknown[]>((resolve, reject) => {
      this.#failed = reject
      this.#ackNumber += 1
      this.#acks.set(String(this.#ackNumber), resolve)
      this.#socket.send(`42${this.#ackNumber}["${event}",${json}]`)
    })
    if (status !== 'ok') throw new Error(`${event} was refused: ${String(data)}`)
    return data
  }

  /** Sends a request whose ack is only counted. */
  send(event: string, json: string): void {
    this.#ackNumber += 1
    this.#socket.send(`42${this.#ackNumber}["${event}",${json}]`)
  }

  /** The `seq` of the last notification; undefined before the first. */
  get lastSeq(): number | undefined {
    const [, seq] = /"seq":(\d+)[^[\]]*\]$/.exec(this.#lastEvent) ?? []
    return seq === undefined ? undefined : Number(seq)
  }

  /** Ends the TCP connection without a goodbye. */
  cut(): void {
    this.#failed = () => {}
    this.#socket.terminate()
  }

  #receive(frame: string): void {
    if (frame.startsWith('42')) {
      this.#lastEvent = frame
      this.#events.event(this, frame)
    } else if (frame.startsWith('43')) this.#receiveAck(frame)
    else if (frame === '2') this.#socket.send('3')
    else if (frame.startsWith('0')) this.#socket.send(`40${this.#auth}`)
    else if (frame.startsWith('40')) this.#connected()
    else this.#failed(new Error(`The server sent ${frame}`))
  }

  #receiveAck(frame: string): void {
    const start = frame.indexOf('[')
    const number = frame.slice(2, start)
    const ack = this.#acks.get(number)
    if (!ack) {
      this.#events.ack(frame.startsWith('["ok"', start))
      return
    }
    this.#acks.delete(number)
    ack(JSON.parse(frame.slice(start)))
  }
}
