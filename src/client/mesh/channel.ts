import type { Candidate, Description, IceServer } from './rtc.ts'

/** A message between the two sides of a peer connection. */
export type Signal = { description: Description } | { candidate: Candidate }

type ChannelListener = {
  signal(from: string, signal: Signal): void
  joined(id: string): void
  left(id: string): void
  /** New ICE servers have arrived. */
  iceServers(servers: IceServer[]): void
  /** The session moved to another connection. No signal was lost. */
  reconnected(): void
  /** Signals may be lost. @param present the ids of the other participants now */
  resynced(present: readonly string[]): void
  closed(): void
}

/** Gets new TURN credentials for a channel, and sets them as its `iceServers`. */
export type IceSource = {
  /** Whether the renewal of the present credentials is late. */
  overdue(): boolean
  /** Resolves when new credentials are set, or do not arrive in time. Never rejects. */
  renew(): Promise<void>
}

export type ChannelSend = (to: string, signal: Signal) => Promise<unknown>

/** How many signals of one participant the channel queues for a mesh that has not started. */
const maxQueuedSignals = 256

/**
 * The other participants of a room and their signals, for a Mesh. The channel queues signals that arrive before the mesh starts;
 * otherwise an early offer would never be answered.
 */
export class MeshChannel {
  /** Which of two participants makes the first offer: the one that joined earlier, or the one that joined later. */
  readonly firstOfferBy: 'earlier' | 'later'
  readonly send: ChannelSend
  id = ''
  readonly #ice: IceSource | undefined
  #iceServers: IceServer[] | undefined
  /** Participant id → whether it joined before or after this one. */
  readonly #others = new Map<string, 'earlier' | 'later'>()
  readonly #queued = new Map<string, Signal[]>()
  #listener: ChannelListener | undefined

  constructor(firstOfferBy: 'earlier' | 'later', send: ChannelSend, ice?: IceSource) {
    this.firstOfferBy = firstOfferBy
    this.send = send
    this.#ice = ice
  }

  get iceServers(): IceServer[] | undefined {
    return this.#iceServers
  }

  /** Also sets them on open peer connections. */
  set iceServers(servers: IceServer[] | undefined) {
    this.#iceServers = servers
    if (servers) this.#listener?.iceServers(servers)
  }

  /** Await it before ICE starts, so that the TURN credentials are valid. @param restart whether ICE restarts */
  freshIceServers(restart: boolean): Promise<void> | undefined {
    return restart || this.#ice?.overdue() ? this.#ice?.renew() : undefined
  }

  get present(): string[] {
    return [...this.#others.keys()]
  }

  /** Whether this side makes the first offer. */
  offersTo(id: string): boolean {
    return this.#others.get(id) !== this.firstOfferBy
  }

  /** Delivers the queued signals first. Returns a function that removes the listener. */
  attach(listener: ChannelListener): () => void {
    this.#listener = listener
    const queued = [...this.#queued]
    this.#queued.clear()
    for (const [from, signals] of queued) for (const signal of signals) listener.signal(from, signal)
    return () => {
      if (this.#listener === listener) this.#listener = undefined
    }
  }

  entered(id: string, others: readonly string[], iceServers: IceServer[] | undefined): void {
    this.id = id
    this.iceServers = iceServers
    this.#others.clear()
    this.#queued.clear()
    for (const other of others) if (other !== id) this.#others.set(other, 'earlier')
  }

  joined(id: string): void {
    this.#others.set(id, 'later')
    this.#listener?.joined(id)
  }

  left(id: string): void {
    this.#others.delete(id)
    this.#queued.delete(id)
    this.#listener?.left(id)
  }

  receive(from: string, signal: Signal): void {
    if (this.#listener) {
      this.#listener.signal(from, signal)
      return
    }
    const queued = this.#queued.get(from) ?? []
    if (queued.length < maxQueuedSignals) this.#queued.set(from, [...queued, signal])
  }

  reconnected(): void {
    this.#listener?.reconnected()
  }

  resynced(others: readonly string[]): void {
    const present = others.filter((id) => id !== this.id)
    for (const id of this.present) if (!present.includes(id)) this.left(id)
    for (const id of present) if (!this.#others.has(id)) this.#others.set(id, 'later')
    this.#listener?.resynced(present)
  }

  closed(): void {
    this.#others.clear()
    this.#queued.clear()
    this.#listener?.closed()
  }
}
