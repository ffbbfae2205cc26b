import type { Payload, Reply } from '../protocol/payload.ts'
import type { portal } from '../protocol/portal.ts'
import { ClientSession } from './client-session.ts'
import { DialectClient } from './dialect-client.ts'
import type { SessionOptions } from './options.ts'
import type { JoinResult, PortalNotifications } from './portal-notifications.ts'
import { type Settings, settingsOf } from './settings.ts'
import { type TokenSource, tokenOf } from './token-source.ts'

type PortalTable = typeof portal

/** The client of the portal on `/`: rooms with roles, text and published streams. */
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

  /** The id of this participant, after `login`. */
  get id(): string {
    return this.#id
  }

  /** @throws SignalboxError in_service, unreachable, token_unavailable, closed (by logout or close), or as the server refuses */
  async login(token: TokenSource): Promise<JoinResult> {
    const { parts, attemptTimeoutMs } = this.#settings
    const userAgent = { sdk: { type: 'JavaScript', version: '5.1' } }
    return this.session.login({
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

  /** Leaves the room; the other participants see it at once. Never rejects. */
  logout(): Promise<void> {
    return this.session.leave()
  }

  /** @param to a participant's id, or `all`: every participant of the room, the sender included */
  text(to: string, message: string): Promise<undefined> {
    return this.request('text', { to, message })
  }

  /** Publishes a stream, with the transport type `mesh` unless the publication has another: subscribers connect to this client. */
  publish(publication: Payload<PortalTable['publish']>): Promise<Reply<PortalTable['publish']>> {
    return this.request('publish', overMesh(publication))
  }

  unpublish(id: string): Promise<undefined> {
    return this.request('unpublish', { id })
  }

  /** Subscribes to a stream, with the transport type `mesh` unless the subscription has another. */
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

  /** Sends an offer, answer or candidate of a subscription. @param to the subscriber, if the owner of the stream sends it */
  soac(id: string, signaling: Payload<PortalTable['soac']>['signaling'], to?: string): Promise<undefined> {
    return this.request('soac', { id, signaling, ...(to === undefined ? {} : { to }) })
  }
}

function overMesh<R extends { transport?: { type?: string; id?: string } }>(request: R): R {
  return { ...request, transport: { type: 'mesh', ...request.transport } }
}
