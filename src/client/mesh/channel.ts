import type { Candidate, Description, IceServer } from './rtc.ts'

/** What two sides of a call tell each other. */
export type Signal = { description: Description } | { candidate: Candidate }

type ChannelListener = {
  signal(from: string, signal: Signal): void
  joined(id: string): void
  left(id: string): void
  /** New ICE servers have arrived. */
  iceServers(servers: IceServer[]): void
  /** The session moved to another connection; nothing was lost. */
  reconnected(): void
  /** Signals may have been lost; `present` are the others as they are now. */
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

/** How many signals of one participant are kept for a mesh that is not there yet. */
const maxQueuedSignals = 256

/**
 * Who is in the room besides oneself, and what they signal, for a mesh to work with. What came before a mesh is there
 * is kept for it: an offer that nobody took would never be answered.
 */
export class MeshChannel {
  /** Who makes the first offer of two: who was there before the other, or who came after. */
  readonly offers: 'earlier' | 'later'
  readonly send: ChannelSend
  id = ''
  readonly #ice: IceSource | undefined
  #iceServers: IceServer[] | undefined
  /** Participant → whether it was there before this one. */
  readonly #others = new Map<string, 'earlier' | 'later'>()
  readonly #kept = new Map<string, Signal[]>()
  #listener: ChannelListener | undefined

  constructor(offers: 'earlier' | 'later', send: ChannelSend, ice?: IceSource) {
    this.offers = offers
    this.send = send
    this.#ice = ice
  }

  get iceServers(): IceServer[] | undefined {
    return this.#iceServers
  }

  /** Sets them on open peer connections too. */
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

  /** Whether it is for this side to make the first offer. */
  offersTo(id: string): boolean {
    return this.#others.get(id) !== this.offers
  }

  /** Takes what was kept first. Returns a function that ends it. */
  attach(listener: ChannelListener): () => void {
    this.#listener = listener
    const kept = [...this.#kept]
    this.#kept.clear()
    for (const [from, signals] of kept) for (const signal of signals) listener.signal(from, signal)
    return () => {
      if (this.#listener === listener) this.#listener = undefined
    }
  }

  entered(id: string, others: readonly string[], iceServers: IceServer[] | undefined): void {
    this.id = id
    this.iceServers = iceServers
    this.#others.clear()
    this.#kept.clear()
    for (const other of others) if (other !== id) this.#others.set(other, 'earlier')
  }

  joined(id: string): void {
    this.#others.set(id, 'later')
    this.#listener?.joined(id)
  }

  left(id: string): void {
    this.#others.delete(id)
    this.#kept.delete(id)
    this.#listener?.left(id)
  }

  receive(from: string, signal: Signal): void {
    if (this.#listener) {
      this.#listener.signal(from, signal)
      return
    }
    const kept = this.#kept.get(from) ?? []
    if (kept.length < maxQueuedSignals) this.#kept.set(from, [...kept, signal])
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
    this.#kept.clear()
    this.#listener?.closed()
  }
}
