/** Who takes part. Client `i` connects to the server `i % urls.length`, in the room `floor(i / members)`. */
export type Audience = {
  urls: string[]
  clients: number
  members: number
  /** How many connect or log in at the same time. */
  atOnce: number
  /** False for a peer, whose login needs no token. */
  durable: boolean
  /** The handshake says `seq: true`. */
  namesSeq: boolean
}

/** How long each of many logins or relogins took, ms, and all of them together, s. */
export type Arrivals = { seconds: number; p50: number; p99: number; retries: number }

export type Traffic = { rate: number; seconds: number; maxDelayMs?: number }

/** The times from sending to receipt, ms. `sent` counts messages, `delivered` and `refused` deliveries and refused acks. */
export type Delivered = {
  sent: number
  delivered: number
  refused: number
  seconds: number
  p50: number
  p99: number
  /** A delivery took longer than `maxDelayMs`, so sending stopped. */
  stopped: boolean
}

export type PollingAudience = {
  /** The server that the clients connect to, and the one to which they send everything after the handshake. */
  home: string
  url: string
  clients: number
  durable: boolean
}

/** What the process of the load generator does on command. Each command resolves when its work is done. */
export type LoadCommands = {
  /** Opens connections without a login. */
  connect: (audience: Audience) => Promise<Arrivals>
  /** Logs in on the connections that `connect` has opened. */
  login: (audience: Audience) => Promise<Arrivals>
  /** Opens connections and logs in. */
  enter: (audience: Audience) => Promise<Arrivals>
  /** Ends the connections of the clients whose index is a multiple of `every`. Default: of all. */
  cut: (given: { every?: number }) => Promise<void>
  /** Cut clients return: to the server after theirs if `moves`. A peer has no sessions, so its clients log in again. */
  resume: (audience: Audience & { moves: boolean; every?: number }) => Promise<Arrivals>
  /** Each message goes to one other member of the room. */
  direct: (traffic: Traffic) => Promise<Delivered>
  /** Each message goes to all members of the room. */
  broadcast: (traffic: Traffic & { members: number }) => Promise<Delivered>
  /** Clients log in by long-polling. */
  enterPolling: (audience: PollingAudience) => Promise<void>
  /** Each client with long-polling sends so many messages, the next one after the ack. */
  exchangePolling: (given: { requests: number }) => Promise<Arrivals>
  /** Ends all connections. */
  close: (given: object) => Promise<void>
  /** CPU time that the load generator has used, s. */
  cpu: (given: object) => Promise<number>
}

export type CommandName = keyof LoadCommands
