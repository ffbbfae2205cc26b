import type { Payload, Reply } from '../protocol/payload.ts'
import type { portal } from '../protocol/portal.ts'
import { DialectClient } from './dialect-client.ts'
import type { SessionOptions } from './options.ts'
import type { JoinResult, PortalNotifications } from './portal-notifications.ts'
import { ClientSession } from './session.ts'
import { type Settings, settingsOf } from './settings.ts'
import { type TokenSource, tokenOf } from './token-source.ts'

type PortalTable = typeof portal

/** The portal on `/`: rooms with roles, text and published streams. */
export class Portal extends DialectClient<PortalTable, PortalNotifications> {
  readonly #settings: Settings
  #id = ''

  constructor(options: SessionOptions) {
    const settings = settingsOf(options)
    super(new ClientSession(settings, { namespace: '/' }), [
      'text',
      'participant',
      'stream',
      'progress',
      'subscription',
      'soac',
    ])
    this.#settings = settings
  }

  /** This participant's id, once logged in. */
  get id(): string {
    return this.#id
  }

  /** @throws SignalboxError as the server refuses, unreachable, token_unavailable, or closed (by logout or close) */
  async login(token: TokenSource): Promise<JoinResult> {
    const { parts, attemptTimeoutMs } = this.#settings
    const userAgent = { sdk: { type: 'JavaScript', version: '5.1' } }
    return this.session.enter({
      event: 'login',
      args: async () => [{ token: await tokenOf(token, parts.clock, attemptTimeoutMs), userAgent, protocol: '1.2' }],
      renewable: typeof token === 'function',
      read: (data) => {
        const result = data as JoinResult
        this.#id = result.id
        return { ticket: result.reconnectionTicket, seq: result.seq, iceServers: result.iceServers, result }
      },
      goodbye: { event: 'logout', args: [] },
    })
  }

  /** The participant leaves, and the others are told. */
  logout(): Promise<void> {
    return this.session.leave()
  }

  /** @param to a participant's id, or `all`: everyone, the sender too */
  text(to: string, message: string): Promise<undefined> {
    return this.request('text', { to, message })
  }

  /** Publishes for the other clients of the room, which connect to this one: with the transport type `mesh` unless it names another. */
  publish(publication: Payload<PortalTable['publish']>): Promise<Reply<PortalTable['publish']>> {
    return this.request('publish', overMesh(publication))
  }

  unpublish(id: string): Promise<undefined> {
    return this.request('unpublish', { id })
  }

  /** As `publish`, over `mesh` unless it names another transport type. */
  subscribe(wanted: Payload<PortalTable['subscribe']>): Promise<Reply<PortalTable['subscribe']>> {
    return this.request('subscribe', overMesh(wanted))
  }

  unsubscribe(id: string): Promise<undefined> {
    return this.request('unsubscribe', { id })
  }

  streamControl(control: Payload<PortalTable['stream-control']>): Promise<undefined> {
    return this.request('stream-control', control)
  }

  subscriptionControl(control: Payload<PortalTable['subscription-control']>): Promise<undefined> {
    return this.request('subscription-control', control)
  }

  /** Offer, answer or candidate of a subscription; `to` is the subscriber, when the owner of the stream signals. */
  soac(id: string, signaling: Payload<PortalTable['soac']>['signaling'], to?: string): Promise<undefined> {
    return this.request('soac', { id, signaling, ...(to === undefined ? {} : { to }) })
  }
}

function overMesh<R extends { transport?: { type?: string; id?: string } }>(request: R): R {
  return { ...request, transport: { type: 'mesh', ...request.transport } }
}
