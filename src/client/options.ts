import type { Clock } from './clock.ts'
import type { Connector } from './link.ts'
import type { Network } from './network.ts'
import type { RateLimitOptions } from './rate-limiter.ts'

export type BackOffOptions = {
  /** Upper bound of the first delay, ms. */
  baseMs: number
  /** Upper bound of every delay, ms. */
  capMs: number
}

export type SessionOptions = {
  /**
   * The address of a load balancer, or the addresses of several nodes. A path in it is the prefix under which a proxy serves the node:
   * `https://host/signal` has Socket.IO at `/signal/socket.io/`. A query is sent with the handshake.
   */
  url: string | readonly string[]
  /** Socket.IO's whole path, like the option of socket.io-client. It replaces the path of `url`. */
  path?: string
  /** Socket.IO transports, in the order in which the client tries them. Default: WebSocket, then long-polling. */
  transports?: readonly ('websocket' | 'polling')[]
  /** The wait between tries to connect; see BackOff. Default: `{ baseMs: 250, capMs: 10_000 }`. */
  backOff?: BackOffOptions
  /** How long a login may take in all, with its retries, ms. Default 30 000. */
  loginTimeoutMs?: number
  /** How long one connection, one login or relogin, and one call of the token function may take, ms. Default 8000. */
  attemptTimeoutMs?: number
  /** The highest rate of requests. Default: what the server's limits allow, which the ack of the login contains. */
  rateLimit?: RateLimitOptions
  /** Replacements for parts of the client: `network` on devices without a browser, all of them in tests. */
  parts?: Partial<SessionParts>
}

export type ResumeOptions = {
  /**
   * `tab`: a page that the user reloads, or returns to in the same tab, resumes its session in the same room, and the others do not
   * see it leave. The ticket is in sessionStorage from the end of one page to the start of the next.
   */
  resume?: 'tab'
}

export type SessionParts = { clock: Clock; random: () => number; network: Network; connect: Connector }
