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
   * One address (a balancer), or those of several nodes. A path in it is the prefix under which a proxy serves the node:
   * `https://host/signal` has Socket.IO at `/signal/socket.io/`. A query goes with the handshake.
   */
  url: string | readonly string[]
  /** Socket.IO's whole path, as socket.io-client has it, in place of the one that follows from `url`. */
  path?: string
  /** Socket.IO transports in the order in which they are tried; WebSocket first unless it is set. */
  transports?: readonly ('websocket' | 'polling')[]
  /** How long to wait between tries; see BackOff. Default 250 ms to 10 s. */
  backOff?: BackOffOptions
  /** How long a login may look for a node that answers, ms. Default 30 000. */
  loginTimeoutMs?: number
  /** How long one connection may take to come up, one login or relogin to be answered, and the token function, ms. Default 8000. */
  attemptTimeoutMs?: number
  /** How fast the client sends requests at most. Default: as the server's limits allow, which come with the login. */
  pace?: RateLimitOptions
  /** Parts that replace those of a browser: `network` on other devices, all of them in tests. */
  parts?: Partial<SessionParts>
}

export type ResumeOptions = {
  /**
   * `tab`: a page that the user reloads, or returns to in the same tab, resumes the session that it had in the same room, so that
   * the others do not see it leave. The ticket is in sessionStorage from the end of one page to the start of the next.
   */
  resume?: 'tab'
}

export type SessionParts = { clock: Clock; random: () => number; network: Network; connect: Connector }
