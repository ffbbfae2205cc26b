import { checkOptions } from './check-options.ts'
import { ClientSession } from './client-session.ts'
import { asSignalboxError } from './errors.ts'
import type { IceServer } from './mesh/rtc.ts'
import type { SessionOptions } from './options.ts'
import { type OwtMessage, OwtRoster } from './owt-roster.ts'
import type { JoinResult, ParticipantNotification, PortalRoom } from './portal-notifications.ts'
import { settingsOf } from './settings.ts'

/** The events that OWT's client listens for, and `iceservers`, which is for the page. */
export type OwtEvent =
  | { type: 'data'; message: OwtMessage }
  | { type: 'disconnect' }
  | { type: 'iceservers'; iceServers: IceServer[] }
type OwtListener<T extends OwtEvent['type']> = (event: Extract<OwtEvent, { type: T }>) => void

/** The notifications that OWT's own signaling forwards to its client. */
const forwardedEvents = new Set(['participant', 'text', 'stream', 'progress'])

/**
 * Signaling for OWT's conference client: `new ConferenceClient(config, new OwtSignaling())`. It resumes on any node, and the page
 * loses no message. It emits `disconnect` only when the session has ended.
 */
export class OwtSignaling {
  readonly #options: Partial<SessionOptions>
  readonly #listeners = {
    data: new Set<OwtListener<'data'>>(),
    disconnect: new Set<OwtListener<'disconnect'>>(),
    iceservers: new Set<OwtListener<'iceservers'>>(),
  }
  readonly #roster = new OwtRoster()
  #session: ClientSession | undefined
  #id = ''
  /** Messages that arrived before OWT's client has processed the join result. */
  #queued: OwtMessage[] | undefined

  /** @param options `url` replaces the host of the token @throws TypeError when an option is wrong */
  constructor(options: Partial<SessionOptions> = {}) {
    checkOptions(options, { needsUrl: false })
    this.#options = options
  }

  /**
   * For `rtcConfiguration.iceServers` of OWT's client, after `connect`. The session renews their TURN credentials in time and emits
   * `iceservers`. Undefined if the server has none.
   */
  get iceServers(): IceServer[] | undefined {
    return this.#session?.iceServers
  }

  addEventListener<T extends OwtEvent['type']>(type: T, listener: OwtListener<T>): void {
    this.#listenersOf(type)?.add(listener)
  }

  removeEventListener<T extends OwtEvent['type']>(type: T, listener: OwtListener<T>): void {
    this.#listenersOf(type)?.delete(listener)
  }

  /**
   * @param host of the token, with or without http(s)
   * @param loginInfo the login of OWT's client: token, userAgent, protocol
   * @returns the join result; rejects with the server's sentence, a string, as OWT's client expects
   */
  async connect(host: string, isSecured: boolean, loginInfo: unknown): Promise<JoinResult> {
    const hostUrl = /^https?:\/\//i.test(host) ? host : `${isSecured ? 'https' : 'http'}://${host}`
    const session = new ClientSession(settingsOf({ ...this.#options, url: this.#options.url ?? hostUrl }), {
      namespace: '/',
    })
    session.on('notification', ({ event, args }) => {
      const message = { notification: event, data: args[0] }
      if (forwardedEvents.has(event) && !this.#isOwnLeave(message)) this.#receive(message)
    })
    session.on('resync', ({ room }) => {
      if (room) for (const message of this.#roster.catchUp(room as PortalRoom)) this.#dispatch(message)
    })
    session.on('iceServers', (iceServers) => {
      for (const listener of [...this.#listeners.iceservers]) listener({ type: 'iceservers', iceServers })
    })
    let isLoggedIn = false
    const read = (data: unknown) => {
      const result = data as JoinResult
      isLoggedIn = true
      this.#id = result.id
      this.#roster.replace(result.room)
      return { ticket: result.reconnectionTicket, seq: result.seq, iceServers: result.iceServers, result }
    }
    session.on('closed', () => this.#ended(session, isLoggedIn))
    this.#session?.close()
    this.#session = session
    this.#queued = []
    const goodbye = { event: 'logout', args: [] }
    const joined = await withMessageAsReason(session.login({ event: 'login', args: () => [loginInfo], read, goodbye }))
    setTimeout(() => this.#session === session && this.#deliverQueued())
    return joined
  }

  /** Leaves the room, and emits `disconnect` as OWT's own signaling does. A `connect` that is under way rejects. */
  async disconnect(): Promise<void> {
    await this.#session?.leave()
  }

  /** @returns the ack's data; rejects with the server's sentence, a string */
  send(name: string, data?: unknown): Promise<unknown> {
    if (!this.#session) return Promise.reject('There is no connection')
    return withMessageAsReason(this.#session.request(name, data === undefined ? [] : [data]))
  }

  #ended(session: ClientSession, wasLoggedIn: boolean): void {
    if (this.#session !== session) return
    this.#session = undefined
    if (!wasLoggedIn) return // `connect` rejects
    for (const listener of [...this.#listeners.disconnect]) listener({ type: 'disconnect' })
  }

  /** A page that logs out does not receive its own leave. */
  #isOwnLeave({ notification, data }: OwtMessage): boolean {
    return notification === 'participant' && (data as ParticipantNotification).data === this.#id
  }

  #receive(message: OwtMessage): void {
    this.#roster.apply(message)
    this.#dispatch(message)
  }

  #dispatch(message: OwtMessage): void {
    if (this.#queued) this.#queued.push(message)
    else for (const listener of [...this.#listeners.data]) listener({ type: 'data', message })
  }

  #deliverQueued(): void {
    const held = this.#queued ?? []
    this.#queued = undefined
    for (const message of held) this.#dispatch(message)
  }

  /** Undefined for a type that this never emits. */
  #listenersOf<T extends OwtEvent['type']>(type: T): Set<OwtListener<T>> | undefined {
    return this.#listeners[type] as unknown as Set<OwtListener<T>> | undefined
  }
}

async function withMessageAsReason<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise
  } catch (error) {
    throw asSignalboxError(error).message
  }
}
