import { SignalError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Draft, Subscription, TrackKind } from '../model.ts'
import type { Store } from '../ports/store.ts'
import { type RequestContext, writeOf } from '../session/request-context.ts'
import type { MediaIds, SubscribeRequest, SubscriptionUpdate } from './media-backend.ts'
import { authorize } from './permissions.ts'
import { requireMesh } from './require-mesh.ts'
import { trackStatusData } from './stream-entries.ts'
import { kindsOf } from './track-kinds.ts'
import { sourcesOf, withSources } from './track-sources.ts'

/** Subscriptions to streams whose media travels between the clients. */
export class MeshSubscriptions {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  async subscribe(context: RequestContext, request: SubscribeRequest): Promise<MediaIds> {
    const { id: subscriber, room } = context.session
    await authorize(this.#store, context, 'subscribe', request.tracks)
    requireMesh(request.transport)
    const sourced = withSources(request.tracks)
    const { owner, streams } = await sourcesOf(this.#store, room, sourced, request.dataFrom)
    const id = newId()
    const reply = { id, transportId: request.transport?.id ?? id }
    const tracks = sourced.map((track, index) => ({ ...track, mid: track.mid ?? String(index) }))
    const subscription: Subscription = { ...reply, subscriber, owner, streams, tracks, paused: [] }
    const data = { action: 'add', id, stream: streams[0], tracks, participant: subscriber }
    const entry: Draft = { event: 'subscription', data, from: subscriber, to: owner }
    await this.#store.media.addSubscription(writeOf(context, reply), subscription, [entry])
    return reply
  }

  /** @throws no_such_subscription, unauthorized, moved, unavailable */
  async unsubscribe(context: RequestContext, id: string): Promise<void> {
    const { subscriber, owner } = await this.#find(context, id)
    if (subscriber !== context.session.id) throw new SignalError('unauthorized')
    const entry: Draft = { event: 'subscription', data: { action: 'remove', id }, from: subscriber, to: owner }
    await this.#store.media.removeSubscription(writeOf(context), id, [entry])
  }

  async control(context: RequestContext, id: string, operation: string, data: unknown): Promise<void> {
    // compare and set: if the subscription was changed meanwhile, try again
    for (;;) {
      const subscription = await this.#find(context, id)
      if (subscription.subscriber !== context.session.id) throw new SignalError('unauthorized')
      const { after, entries } =
        operation === 'update'
          ? { after: await this.#updated(context, subscription, data as SubscriptionUpdate), entries: [] }
          : paused(context, subscription, operation, data)
      if (await this.#store.media.changeSubscription(writeOf(context), subscription, after, entries)) return
    }
  }

  async #updated(
    context: RequestContext,
    subscription: Subscription,
    update: SubscriptionUpdate,
  ): Promise<Subscription> {
    const has = (kind: TrackKind) => subscription.tracks.some(({ type }) => type === kind)
    if (update.audio && !has('audio')) throw new SignalError('no_audio_to_update')
    if (update.video && !has('video')) throw new SignalError('no_video_to_update')
    const tracks = subscription.tracks.map((track) => {
      const change: { from?: string; parameters?: unknown } = update[track.type] ?? {}
      const { from = track.from, parameters = track.parameters } = change
      return { ...track, from, ...(parameters === undefined ? {} : { parameters }) }
    })
    const { owner, streams } = await sourcesOf(this.#store, context.session.room, tracks)
    if (owner !== subscription.owner) throw new SignalError('several_owners')
    return { ...subscription, tracks, streams }
  }

  async #find({ session }: RequestContext, id: string): Promise<Subscription> {
    const subscription = await this.#store.media.subscription(session.room, id)
    if (!subscription) throw new SignalError('no_such_subscription')
    return subscription
  }
}

/** A pause concerns only the two sides of a subscription: both receive the status of the stream for this subscriber. */
function paused({ session }: RequestContext, subscription: Subscription, operation: string, data: unknown) {
  const kinds = kindsOf(operation, data)?.filter((kind) => subscription.tracks.some(({ type }) => type === kind))
  if (!kinds || kinds.length === 0) throw new SignalError('invalid_subscription_control')
  const pause = operation === 'pause'
  const others = subscription.paused.filter((kind) => !kinds.includes(kind))
  const sides = [...new Set([subscription.owner, subscription.subscriber])]
  const entries: Draft[] = sides.flatMap((to) =>
    kinds.map((kind) => ({
      event: 'stream' as const,
      data: trackStatusData(subscription.streams[0] ?? '', kind, pause ? 'inactive' : 'active'),
      from: session.id,
      to,
    })),
  )
  return { after: { ...subscription, paused: pause ? [...others, ...kinds] : others }, entries }
}
