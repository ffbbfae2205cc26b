import { SignalError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Draft, Stream, TrackKind } from '../model.ts'
import type { Store } from '../ports/store.ts'
import { type RequestContext, writeOf } from '../session/request-context.ts'
import type { MediaIds, PublishRequest } from './media-backend.ts'
import { authorize } from './permissions.ts'
import { requireMesh } from './require-mesh.ts'
import { streamEntries, trackStatusData } from './stream-entries.ts'
import { kindsOf } from './track-kinds.ts'

/** The streams of a room whose media travels between the clients. */
export class MeshStreams {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  async publish(context: RequestContext, request: PublishRequest): Promise<MediaIds> {
    const { id: owner, room } = context.session
    await authorize(this.#store, context, 'publish', request.tracks)
    requireMesh(request.transport)
    const id = newId()
    const transportId = request.transport?.id ?? id
    const stream = streamOf(request, { id, owner, transportId })
    const reply = { id, transportId }
    const ready: Draft = {
      event: 'progress',
      data: { id: transportId, sessionId: id, status: 'ready' },
      to: owner,
      once: true,
    }
    const added = await streamEntries(this.#store.rooms, room, [{ id, status: 'add', data: stream }], owner)
    await this.#store.media.addStream(writeOf(context, reply), stream, [ready, ...added])
    return reply
  }

  /** @throws no_such_stream, unauthorized, moved, unavailable */
  async unpublish(context: RequestContext, id: string): Promise<void> {
    const { id: owner, room } = context.session
    const stream = await this.#find(context, id)
    if (stream.owner !== owner) throw new SignalError('unauthorized')
    const removed = await streamEntries(this.#store.rooms, room, [{ id, status: 'remove' }], owner)
    await this.#store.media.removeStream(writeOf(context), id, removed)
  }

  /** @throws no_such_stream, unauthorized, invalid_stream_control, no_such_track, moved, unavailable */
  async control(context: RequestContext, id: string, operation: string, data: unknown): Promise<void> {
    const { session } = context
    // compare and set: if the stream was changed meanwhile, try again
    for (;;) {
      const stream = await this.#find(context, id)
      if (stream.owner !== session.id && session.member.role !== 'admin') throw new SignalError('unauthorized')
      const requested = kindsOf(operation, data)
      if (!requested) throw new SignalError('invalid_stream_control')
      const kinds = requested.filter((kind) => stream.tracks.some(({ type }) => type === kind))
      if (kinds.length === 0) throw new SignalError('no_such_track')
      const status = operation === 'pause' ? 'inactive' : 'active'
      const entryData = kinds.map((kind) => trackStatusData(id, kind, status))
      const entries = await streamEntries(this.#store.rooms, session.room, entryData, session.id)
      const after = withStatus(stream, kinds, status)
      if (await this.#store.media.changeStream(writeOf(context), stream, after, entries)) return
    }
  }

  async #find({ session }: RequestContext, id: string): Promise<Stream> {
    const [stream] = await this.#store.media.streams(session.room, [id])
    if (!stream) throw new SignalError('no_such_stream')
    return stream
  }
}

/** The stream with the tracks of these kinds paused (`inactive`) or resumed (`active`). */
export function withStatus(stream: Stream, kinds: TrackKind[], status: 'active' | 'inactive'): Stream {
  const tracks = stream.tracks.map((track) => (kinds.includes(track.type) ? { ...track, status } : track))
  return { ...stream, tracks }
}

function streamOf(
  { tracks, data, attributes }: PublishRequest,
  ids: Pick<Stream, 'id' | 'owner' | 'transportId'>,
): Stream {
  return {
    ...ids,
    tracks: tracks.map(({ type, mid, source }, index) => ({
      id: `${ids.transportId}-${mid ?? index}`,
      type,
      mid: mid ?? String(index),
      ...(source === undefined ? {} : { source }),
      status: 'active',
    })),
    data,
    ...(attributes === undefined ? {} : { attributes }),
  }
}
