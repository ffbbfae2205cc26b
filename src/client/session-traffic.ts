import type { SignalboxError } from './errors.ts'
import { IceRenewal } from './ice-renewal.ts'
import { Inbox, type InboxListener } from './inbox.ts'
import type { Link } from './link.ts'
import { Liveness } from './liveness.ts'
import type { Membership, ResumeResult } from './membership.ts'
import type { IceServer } from './mesh/rtc.ts'
import type { Limits } from './rate-limiter.ts'
import { ask, type RequestSpec } from './request.ts'
import { RequestQueue } from './request-queue.ts'
import type { Settings } from './settings.ts'
import type { SavedSession } from './tab-memory.ts'
import { TicketRefresh } from './ticket-refresh.ts'

type TrafficListener = InboxListener & { iceServers(servers: IceServer[]): void }

/**
 * What a session sends and receives: requests, notifications, and the renewal of its ticket and its TURN credentials. It owns the
 * membership, so it also knows whether the client is logged in.
 */
export class SessionTraffic {
  readonly requests: RequestQueue
  readonly inbox: Inbox
  readonly iceRenewal: IceRenewal
  readonly #settings: Settings
  readonly #listener: TrafficListener
  readonly #refresh: TicketRefresh
  readonly #liveness: Liveness
  #membership: Membership | undefined
  #limits: Limits | undefined

  constructor(settings: Settings, listener: TrafficListener) {
    const { clock, random } = settings.parts
    this.#settings = settings
    this.#listener = listener
    this.requests = new RequestQueue(settings.rateLimit, clock)
    this.inbox = new Inbox(() => this.#membership, listener)
    this.#liveness = new Liveness(clock)
    this.#refresh = new TicketRefresh({ clock, random, timeoutMs: settings.attemptTimeoutMs }, (servers) =>
      this.#replaceIceServers(servers),
    )
    const credentials = () => this.#membership?.ice
    this.iceRenewal = new IceRenewal(clock, credentials, (failed) => this.#refresh.renewIce(failed))
  }

  /** The session that is logged in. */
  get membership(): Membership | undefined {
    return this.#membership
  }

  /** The server's limits for one client; undefined until an ack has contained them. */
  get limits(): Limits | undefined {
    return this.#limits
  }

  /** What the next page in the tab needs to resume; undefined without a session. */
  get saved(): SavedSession | undefined {
    if (!this.#membership) return undefined
    const { tickets, seq } = this.#membership
    return { ticket: tickets.current, seq, rid: this.requests.rid }
  }

  /** A login was acked. */
  begin(membership: Membership, limits: Limits | undefined): void {
    this.#membership = membership
    this.#obey(limits)
  }

  /** A relogin was acked. */
  resumed({ seq, isIncomplete, room, iceServers, limits }: ResumeResult): void {
    this.#obey(limits)
    if (iceServers) this.#replaceIceServers(iceServers)
    if (isIncomplete) this.inbox.resync({ seq, room })
  }

  /** Uses this connection from now on. */
  moveTo(link: Link, membership: Membership): void {
    this.requests.use(link)
    this.#refresh.keep(link, membership)
  }

  /** The connection is lost. */
  pause(): void {
    this.#refresh.stop()
    this.requests.use(undefined)
  }

  /** The session has ended: its pending requests reject with `reason`. The connection may stay open. */
  end(reason: SignalboxError): void {
    this.#membership?.end('lost')
    this.#membership = undefined
    this.#refresh.stop()
    this.iceRenewal.settle()
    this.requests.fail(reason)
  }

  /** Asks once, on one connection. @throws SignalboxError timeout, lost, or as the server refuses */
  ask<T>(link: Link, request: RequestSpec<T>): Promise<T> {
    const { parts, attemptTimeoutMs } = this.#settings
    return ask(link, request, parts.clock, attemptTimeoutMs)
  }

  /** Resolves when the goodbye is acked or refused, and after `attemptTimeoutMs` in any case. */
  sendGoodbye({ goodbye: { event, args } }: Membership): Promise<void> {
    const { parts, attemptTimeoutMs } = this.#settings
    return new Promise((resolve) => {
      const cancel = parts.clock.after(attemptTimeoutMs, resolve)
      const settled = () => {
        cancel()
        resolve()
      }
      this.requests.add(event, args).then(settled, settled)
    })
  }

  /** Closes the connection if the server does not answer. @param idleRequest for a connection without a session; unset: no check */
  checkLiveness(link: Link, idleRequest: string | undefined): void {
    if (this.#membership) this.#liveness.check(link, (answered) => this.#refresh.renewTicket(answered))
    else if (idleRequest) this.#liveness.check(link, (answered) => link.ask(idleRequest, [], answered))
  }

  #obey(limits: Limits | undefined): void {
    this.#limits = limits ?? this.#limits
    if (limits) this.requests.limit(limits)
  }

  /** Peer connections get the servers before the callers of `renew` continue. */
  #replaceIceServers(servers: IceServer[]): void {
    this.#listener.iceServers(servers)
    this.iceRenewal.settle()
  }
}
