/** The answer to a request: the data of its ack, or its refusal. The code `lost`: the connection ended before the answer. */
export type LinkAnswer = { ok: true; data: unknown } | { ok: false; code: string; message: string }

export type LinkListener = {
  event(event: string, args: unknown[]): void
  lost(reason: string): void
}

/** One connection to one node. It does not reconnect: the session opens another. */
export interface Link {
  readonly url: string
  /** The connection's id, which names its node. */
  readonly id: string
  readonly open: boolean
  /** Calls `answered` once, in the same step in which the answer is read, so before any later notification. */
  ask(event: string, args: readonly unknown[], answered: (answer: LinkAnswer) => void): void
  /** Sets the only listener. It receives earlier events at once. */
  listen(listener: LinkListener): void
  close(): void
}

export type LinkTarget = {
  /** May have a path, the prefix of Socket.IO's, and a query for the handshake. */
  url: string
  /** Socket.IO's whole path; unset: as it follows from `url`. */
  path?: string | undefined
  namespace: string
  auth: { [field: string]: unknown }
  transports: readonly string[]
  timeoutMs: number
}

/** Opens a connection. @throws SignalboxError unreachable, lost, closed (`signal` aborted), or as the server refuses the handshake */
export type Connector = (target: LinkTarget, signal: AbortSignal) => Promise<Link>
