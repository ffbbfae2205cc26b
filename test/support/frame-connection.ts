import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { Frame, Opening } from './random-frames.ts'

/** What a node did with frames, by namespace where it depends on that. */
export type FrameTally = {
  /** Frames of which the node has proved that it has read them. */
  read: number
  connections: number
  /** How many of the connections the node closed because of a frame. */
  closed: number
  acks: { [namespace: string]: number }
  /** Acks of requests that were executed. */
  accepted: { [namespace: string]: number }
  /** Notifications that the connections received. */
  notifications: { [namespace: string]: number }
}

/** Carried by a ping that follows a frame: its pong proves that the node has read the frame. */
const mark = 'frame '
/** Packets of Engine.IO. */
const heartbeat = '2'
const heartbeatAnswer = '3'
const ackPattern = /^43(\/\w+)?,?\d+(.*)$/s
const notificationPattern = /^42(\/\w+)?,?\["(?!participant|user|room_change)/
const acceptedPattern = /^\[("ok"|\{"uid"|\]$)/

/** A raw WebSocket whose frames are counted when the node has read them. */
export class FrameConnection {
  readonly #socket: WebSocket
  readonly #tally: FrameTally
  readonly #closed: Promise<unknown>
  readonly #checks = new Set<() => void>()
  readonly #packets: string[] = []
  #readUpTo = 0

  private constructor(url: string, tally: FrameTally) {
    this.#tally = tally
    this.#socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`)
    this.#socket.on('error', () => {})
    this.#closed = new Promise((resolve) => this.#socket.once('close', resolve))
    this.#socket.on('message', (data, isBinary) => this.#receive(isBinary ? '' : String(data)))
    this.#socket.on('pong', (data) => {
      const text = String(data)
      if (text.startsWith(mark)) this.#readUpTo = Math.max(this.#readUpTo, Number(text.slice(mark.length)))
      this.#runChecks()
    })
  }

  /** Resolves when the node has answered every packet of the opening, or has closed the connection. */
  static async open(url: string, { connects, entries }: Opening, tally: FrameTally): Promise<FrameConnection> {
    const connection = new FrameConnection(url, tally)
    tally.connections += 1
    await Promise.race([once(connection.#socket, 'open'), connection.#closed])
    for (const [packets, answer] of [
      [connects, /^4[04]/],
      [entries, /^43/],
    ] as const) {
      for (const packet of packets) if (connection.isOpen) connection.#socket.send(packet)
      await connection.#until(() => connection.#packets.filter((text) => answer.test(text)).length >= packets.length)
      connection.#packets.length = 0
    }
    return connection
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN
  }

  /** Resolves when the node has read all frames or closed the connection, to the number of frames that it has read. */
  async send(frames: Frame[]): Promise<number> {
    this.#readUpTo = 0
    for (const [index, frame] of frames.entries()) {
      if (!this.isOpen) break
      write(this.#socket, frame)
      this.#socket.ping(`${mark}${index + 1}`)
    }
    await this.#until(() => this.#readUpTo === frames.length)
    this.#packets.length = 0
    // the frame that made the node close the connection was read, too
    const read = Math.min(frames.length, this.#readUpTo + (this.isOpen ? 0 : 1))
    this.#tally.read += read
    if (!this.isOpen) this.#tally.closed += 1
    return read
  }

  end(): void {
    this.#socket.terminate()
  }

  #receive(packet: string): void {
    if (packet === heartbeat) this.#socket.send(heartbeatAnswer)
    const [isNotification, receiver = '/'] = notificationPattern.exec(packet) ?? []
    if (isNotification) count(this.#tally.notifications, receiver)
    const [, namespace = '/', answer] = ackPattern.exec(packet) ?? []
    if (answer !== undefined) {
      count(this.#tally.acks, namespace)
      if (acceptedPattern.test(answer)) count(this.#tally.accepted, namespace)
    }
    this.#packets.push(packet)
    this.#runChecks()
  }

  #runChecks(): void {
    for (const check of this.#checks) check()
  }

  async #until(condition: () => boolean): Promise<void> {
    let check = () => {}
    const met = new Promise<void>((resolve) => {
      check = () => condition() && resolve()
      this.#checks.add(check)
      check()
    })
    await Promise.race([met, this.#closed])
    this.#checks.delete(check)
  }
}

const count = (counts: { [name: string]: number }, name: string) => {
  counts[name] = (counts[name] ?? 0) + 1
}

function write(socket: WebSocket, { data, kind }: Frame): void {
  if (kind === 'ping' || kind === 'pong') socket[kind](data)
  else if (kind === 'message') socket.send(data)
  else {
    const binary = typeof data !== 'string'
    socket.send(data.slice(0, 3), { fin: false, binary })
    socket.send(data.slice(3), { fin: true, binary })
  }
}
