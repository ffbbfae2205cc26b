import { SignalError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Draft, Permission, Stream, Subscription } from '../model.ts'
import type { State } from '../ports/state.ts'
import { type RequestContext, writeOf } from '../session/request-context.ts'
import type {
  MediaBackend,
  PublishRequest,
  SessionIds,
  Signaling,
  SubscribeRequest,
  SubscriptionUpdate,
  TransportRequest,
} from './media-backend.ts'
import { sourcesOf, withSources } from './track-sources.ts'

type TrackKind = 'audio' | 'video'

/** Media without a server: a subscriber and the owner of a stream connect to each other, and soac passes between them. */
export class MeshBackend implements MediaBackend {
  readonly #state: State

  constructor(state: State) {
    this.#state = state
  }

  async publish(
    context: RequestContext,
    { tracks, data, attributes, transport: wanted }: PublishRequest,
  ): Promise<SessionIds> {
    const { session } = context
    await this.#authorize(context, 'publish', tracks)
    requireMesh(wanted)
    const id = newId()
    const transport = wanted?.id ?? id
    const stream: Stream = {
      id,
      owner: session.id,
      transportId: transport,
      tracks: tracks.map(({ type, mid, source }, index) => ({
        id: `${transport}-${mid ?? index}`,
        type,
        mid: mid ?? String(index),
        ...(source === undefined ? {} : { source }),
        status: 'active',
      })),
      data,
      ...(attributes === undefined ? {} : { attributes }),
    }
    const reply = { id, transportId: transport }
    const ready: Draft = {
      event: 'progress',
      data: { id: transport, sessionId: id, status: 'ready' },
      to: session.id,
      once: true,
    }
    const added = await this.#streamNews(context, { id, status: 'add', data: stream })
    await this.#state.media.addStream(writeOf(context, reply), stream, [ready, ...added])
    return reply
  }

  async unpublish(context: RequestContext, id: string): Promise<void> {
    const stream = await this.#stream(context, id)
    if (stream.owner !== context.session.id) throw new SignalError('unauthorized')
    const removed = await this.#streamNews(context, { id, status: 'remove' })
    await this.#state.media.removeStream(writeOf(context), id, removed)
  }

  async controlStream(context: RequestContext, id: string, operation: string, data: unknown): Promise<void> {
    // a conflict means that the stream was changed meanwhile: look again
    for (;;) {
      const stream = await this.#stream(context, id)
      const { session } = context
      if (stream.owner !== session.id && session.member.role !== 'admin') throw new SignalError('unauthorized')
      const kinds = kindsOf(operation, data) ?? refuse('invalid_stream_control')
      if (!kinds.some((kind) => stream.tracks.some(({ type }) => type === kind))) throw new SignalError('no_such_track')
      const status = operation === 'pause' ? 'inactive' : 'active'
      const affected = kinds.filter((kind) => stream.tracks.some(({ type }) => type === kind))
      const tracks = stream.tracks.map((track) => (affected.includes(track.type) ? { ...track, status } : track))
      const notifications = await Promise.all(
        affected.map((kind) => this.#streamNews(context, statusNews(id, kind, status))),
      )
      const after = { ...stream, tracks } as Stream
      if (await this.#state.media.changeStream(writeOf(context), stream, after, notifications.flat())) return
    }
  }

  async subscribe(
    context: RequestContext,
    { tracks: wanted, dataFrom, transport }: SubscribeRequest,
  ): Promise<SessionIds> {
    const { session } = context
    await this.#authorize(context, 'subscribe', wanted)
    requireMesh(transport)
    const tracks = withSources(wanted)
    const { owner, streams } = await sourcesOf(this.#state, session.room, tracks, dataFrom)
    const id = newId()
    const reply = { id, transportId: transport?.id ?? id }
    const subscription: Subscription = {
      ...reply,
      subscriber: session.id,
      owner,
      streams,
      tracks: tracks.map((track, index) => ({ ...track, mid: track.mid ?? String(index) })),
      paused: [],
    }
    const news = { action: 'add', id, stream: streams[0], tracks: subscription.tracks, participant: session.id }
    const notifications: Draft = { event: 'subscription', data: news, from: session.id, to: owner }
    await this.#state.media.addSubscription(writeOf(context, reply), subscription, [notifications])
    return reply
  }

  async unsubscribe(context: RequestContext, id: string): Promise<void> {
    const { subscriber, owner } = await this.#subscription(context, id)
    if (subscriber !== context.session.id) throw new SignalError('unauthorized')
    const news = { action: 'remove', id }
    const notifications: Draft = { event: 'subscription', data: news, from: subscriber, to: owner }
    await this.#state.media.removeSubscription(writeOf(context), id, [notifications])
  }

  async controlSubscription(context: RequestContext, id: string, operation: string, data: unknown): Promise<void> {
    for (;;) {
      const subscription = await this.#subscription(context, id)
      if (subscription.subscriber !== context.session.id) throw new SignalError('unauthorized')
      const { after, notifications } =
        operation === 'update'
          ? { after: await this.#updated(context, subscription, data as SubscriptionUpdate), notifications: [] }
          : paused(context, subscription, operation, data)
      if (await this.#state.media.changeSubscription(writeOf(context), subscription, after, notifications)) return
    }
  }

  async signal(context: RequestContext, id: string, signaling: Signaling, to?: string): Promise<void> {
    const { session } = context
    const subscription = await this.#state.media.subscription(session.room, id)
    if (!subscription) throw new SignalError('no_such_transport', id)
    const { owner, subscriber } = subscription
    const from = session.id
    if (from === owner && (to !== undefined || from !== subscriber)) {
      if (to !== undefined && to !== subscriber) throw new SignalError('no_such_participant', to)
      const data = { id, status: 'soac', data: signaling }
      await this.#state.log.append(writeOf(context), { event: 'progress', data, from, to: subscriber, once: true })
    } else if (from === subscriber) {
      await this.#state.log.append(writeOf(context), {
        event: 'soac',
        data: { id, from, signaling },
        from,
        to: owner,
      })
    } else throw new SignalError('unauthorized')
  }

  /**
   * Asks the store: management may have taken a permission away a moment ago, and been told that it is gone, before the
   * room's feed has brought the news to this node.
   */
  async #authorize({ session }: RequestContext, what: keyof Permission, tracks: { type: TrackKind }[]): Promise<void> {
    const { permission } = (await this.#state.oversight.member(session.room, session.id)) ?? session.member
    if (tracks.some(({ type }) => !permission[what][type])) throw new SignalError('unauthorized')
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
      const { from = track.from, parameters = track.parameters }: { from?: string; parameters?: unknown } =
        update[track.type] ?? {}
      return { ...track, from, ...(parameters === undefined ? {} : { parameters }) }
    })
    const { owner, streams } = await sourcesOf(this.#state, context.session.room, tracks)
    if (owner !== subscription.owner) throw new SignalError('several_owners')
    return { ...subscription, tracks, streams }
  }

  async #stream({ session }: RequestContext, id: string): Promise<Stream> {
    const [stream] = await this.#state.media.streams(session.room, [id])
    return stream ?? refuse('no_such_stream')
  }

  async #subscription({ session }: RequestContext, id: string): Promise<Subscription> {
    return (await this.#state.media.subscription(session.room, id)) ?? refuse('no_such_subscription')
  }

  /** An entry about a stream for the whole room, unless the room does not want to be told. */
  async #streamNews({ session }: RequestContext, data: object): Promise<Draft[]> {
    const { notifying } = await this.#state.rooms.options(session.room)
    return notifying.streamChange ? [{ event: 'stream', data, from: session.id }] : []
  }
}

/**
 * Every other client waits for the answer and the media of a server, which never come.
 * @throws SignalError no_media_server
 */
function requireMesh(transport: TransportRequest | undefined): void {
  if (transport?.type !== 'mesh') throw new SignalError('no_media_server')
}

function refuse(code: 'no_such_stream' | 'no_such_subscription' | 'invalid_stream_control'): never {
  throw new SignalError(code)
}

function kindsOf(operation: string, data: unknown): TrackKind[] | undefined {
  if (operation !== 'pause' && operation !== 'play') return undefined
  if (data === 'av') return ['audio', 'video']
  return data === 'audio' || data === 'video' ? [data] : undefined
}

function statusNews(id: string, kind: TrackKind, value: 'active' | 'inactive'): object {
  return { id, status: 'update', data: { field: `${kind}.status`, value } }
}

/** Pausing a subscription concerns its two sides only: both are told how the stream stands for this subscriber. */
function paused({ session }: RequestContext, subscription: Subscription, operation: string, data: unknown) {
  const kinds = kindsOf(operation, data)?.filter((kind) => subscription.tracks.some(({ type }) => type === kind))
  if (!kinds || kinds.length === 0) throw new SignalError('invalid_subscription_control')
  const pause = operation === 'pause'
  const others = subscription.paused.filter((kind) => !kinds.includes(kind))
  const sides = [...new Set([subscription.owner, subscription.subscriber])]
  const notifications: Draft[] = sides.flatMap((to) =>
    kinds.map((kind) => ({
      event: 'stream' as const,
      data: statusNews(subscription.streams[0] ?? '', kind, pause ? 'inactive' : 'active'),
      from: session.id,
      to,
    })),
  )
  return { after: { ...subscription, paused: pause ? [...others, ...kinds] : others }, notifications }
}
