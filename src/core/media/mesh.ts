import { SignalError } from '../errors.ts'
import type { Store } from '../ports/store.ts'
import { type RequestContext, writeOf } from '../session/request-context.ts'
import type { MediaBackend, MediaIds, PublishRequest, Signaling, SubscribeRequest } from './media-backend.ts'
import { MeshStreams } from './mesh-streams.ts'
import { MeshSubscriptions } from './mesh-subscriptions.ts'

/** Media without a server: a subscriber and the owner of a stream connect to each other, and exchange `soac` messages. */
export class MeshBackend implements MediaBackend {
  readonly #store: Store
  readonly #streams: MeshStreams
  readonly #subscriptions: MeshSubscriptions

  constructor(store: Store) {
    this.#store = store
    this.#streams = new MeshStreams(store)
    this.#subscriptions = new MeshSubscriptions(store)
  }

  publish(context: RequestContext, request: PublishRequest): Promise<MediaIds> {
    return this.#streams.publish(context, request)
  }

  unpublish(context: RequestContext, id: string): Promise<void> {
    return this.#streams.unpublish(context, id)
  }

  controlStream(context: RequestContext, id: string, operation: string, data: unknown): Promise<void> {
    return this.#streams.control(context, id, operation, data)
  }

  subscribe(context: RequestContext, request: SubscribeRequest): Promise<MediaIds> {
    return this.#subscriptions.subscribe(context, request)
  }

  unsubscribe(context: RequestContext, id: string): Promise<void> {
    return this.#subscriptions.unsubscribe(context, id)
  }

  controlSubscription(context: RequestContext, id: string, operation: string, data: unknown): Promise<void> {
    return this.#subscriptions.control(context, id, operation, data)
  }

  async signal(context: RequestContext, id: string, signaling: Signaling, to?: string): Promise<void> {
    const { session } = context
    const { log, media } = this.#store
    const subscription = await media.subscription(session.room, id)
    if (!subscription) throw new SignalError('no_such_transport', id)
    const { owner, subscriber } = subscription
    const from = session.id
    if (from === owner && (to !== undefined || from !== subscriber)) {
      if (to !== undefined && to !== subscriber) throw new SignalError('no_such_participant', to)
      const data = { id, status: 'soac', data: signaling }
      await log.append(writeOf(context), { event: 'progress', data, from, to: subscriber, once: true })
    } else if (from === subscriber) {
      await log.append(writeOf(context), { event: 'soac', data: { id, from, signaling }, from, to: owner })
    } else throw new SignalError('unauthorized')
  }
}
