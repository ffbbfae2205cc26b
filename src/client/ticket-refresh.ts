import { BackOff } from './back-off.ts'
import type { Clock } from './clock.ts'
import type { Link, LinkAnswer } from './link.ts'
import type { Membership } from './membership.ts'
import type { IceServer } from './mesh/rtc.ts'

/** Fractions of a lifetime: when the renewal starts, and a random addition, so that clients with equal tickets do not renew together. */
const ticketRefreshFraction = 0.6
const iceRefreshFraction = 0.3
const jitterFraction = 0.1

const minDelayMs = 100
const maxDelayMs = 24 * 3600 * 1000
const retries = { baseMs: 1000, capMs: 60_000 }

/** The ack. A server without support for `ice: true` answers with a string too. */
type RefreshReply = string | { ticket: string; iceServers?: IceServer[] }

type TicketRefreshDeps = { clock: Clock; random: () => number; timeoutMs: number }

/** Renews the ticket and the TURN credentials in time while a connection is open. */
export class TicketRefresh {
  readonly #deps: TicketRefreshDeps
  readonly #renewed: (servers: IceServer[]) => void
  readonly #backOff: BackOff
  #cancel: (() => void) | undefined
  /** The session to renew, and its connection; answers for any other are ignored. */
  #kept: { link: Link; membership: Membership } | undefined

  /** @param renewed called in the same step in which an answer with new ICE servers is read */
  constructor(deps: TicketRefreshDeps, renewed: (servers: IceServer[]) => void) {
    this.#deps = deps
    this.#renewed = renewed
    this.#backOff = new BackOff(retries, deps.random)
  }

  keep(link: Link, membership: Membership): void {
    this.stop()
    this.#kept = { link, membership }
    this.#backOff.reset()
    this.#schedule(minDelayMs)
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#kept = undefined
  }

  /** Requests new TURN credentials now. @param failed called if the server answers without them */
  renewIce(failed: () => void): void {
    if (this.#kept) this.#ask(true, failed)
  }

  /** Requests a new ticket now, and TURN credentials if they are due, because timers may be late. @param answered called with any answer */
  renewTicket(answered: () => void): void {
    const { ice } = this.#kept?.membership ?? {}
    const isIceDue = ice !== undefined && ice.after(iceRefreshFraction) <= this.#deps.clock.now()
    if (this.#kept) this.#ask(isIceDue, () => {}, answered)
    else answered()
  }

  #schedule(leastMs: number): void {
    const { clock, random } = this.#deps
    if (!this.#kept) return
    const { tickets, ice } = this.#kept.membership
    const jitter = random() * jitterFraction
    const [ticketAt, iceAt] = [tickets.after(ticketRefreshFraction + jitter), ice.after(iceRefreshFraction + jitter)]
    const wait = Math.max(leastMs, Math.min(ticketAt, iceAt) - clock.now())
    this.#cancel?.()
    this.#cancel = clock.after(Math.min(maxDelayMs, wait), () => this.#ask(iceAt <= Math.max(ticketAt, clock.now())))
  }

  #ask(withIce: boolean, failed = () => {}, answered = () => {}): void {
    const { clock, timeoutMs } = this.#deps
    const kept = this.#kept
    if (!kept) return
    this.#cancel?.()
    this.#cancel = clock.after(timeoutMs, () => this.#schedule(this.#backOff.next()))
    kept.link.ask('refreshReconnectionTicket', withIce ? [{ ice: true }] : [], (answer) => {
      answered()
      if (this.#kept !== kept || isLost(answer)) return
      const isDone = this.#take(answer, withIce)
      if (isDone) this.#backOff.reset()
      else failed()
      this.#schedule(isDone ? minDelayMs : this.#backOff.next())
    })
  }

  /**
   * A late answer counts too, because the server regards its ticket as received. Answers arrive in the order of the requests.
   * @returns whether it contains everything that was requested
   */
  #take(answer: LinkAnswer, withIce: boolean): boolean {
    if (!answer.ok || !this.#kept) return false
    const now = this.#deps.clock.now()
    const { tickets, ice } = this.#kept.membership
    const reply = answer.data as RefreshReply
    const { ticket, iceServers } = typeof reply === 'string' ? { ticket: reply } : reply
    tickets.replace(ticket, tickets.current, now)
    if (!iceServers) return !withIce
    ice.take(iceServers, ticket, now)
    this.#renewed(iceServers)
    return true
  }
}

/** The relogin on the next connection then brings ticket and credentials. */
const isLost = (answer: LinkAnswer) => !answer.ok && answer.code === 'lost'
