/** `lost`: the connection ended before the answer. */
export type HandshakeAnswer = { ok: true; data: unknown } | { ok: false; code: string; message: string }

export type LinkListener = {
  notice(event: string, args: unknown[]): void
  lost(reason: string): void
}

/** One connection to one node. It does not reconnect: the session opens another. */
export interface Link {
  readonly url: string
  /** The connection's id, which names its node. */
  readonly id: string
  readonly open: boolean
  /** Calls back once, and in the same step in which the answer is read: what the server says next comes after it. */
  ask(event: string, args: readonly unknown[], answered: (answer: HandshakeAnswer) => void): void
  /** One listener. What came before it is handed over at once. */
  listen(listener: LinkListener): void
  close(): void
}

export type LinkTarget = {
  /** May have a path, the prefix of Socket.IO's, and a query, which goes with the handshake. */
  url: string
  /** Socket.IO's whole path; unset: as it follows from `url`. */
  path?: string | undefined
  namespace: string
  auth: { [field: string]: unknown }
  transports: readonly string[]
  timeoutMs: number
}

/** @throws SignalboxError unreachable, or with the code with which the server refused the handshake */
export type Connector = (target: LinkTarget, signal: AbortSignal) => Promise<Link>
