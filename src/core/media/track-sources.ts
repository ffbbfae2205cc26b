import { SignalError } from '../errors.ts'
import type { RoomId, Stream } from '../model.ts'
import type { Store } from '../ports/store.ts'
import type { SubscribeRequest } from './media-backend.ts'

type RequestedTrack = SubscribeRequest['tracks'][number]
type SourcedTrack = RequestedTrack & { from: string }

/** @throws no_such_source */
export function withSources(tracks: RequestedTrack[]): SourcedTrack[] {
  return tracks.map(({ from, ...track }) => {
    if (from === undefined) throw new SignalError('no_such_source', 'undefined')
    return { ...track, from }
  })
}

/**
 * The owner and the ids of the streams that a subscription's tracks come from. `from` is the id of a stream or of a track.
 * @throws no_such_source, source_unsatisfying, several_owners
 */
export async function sourcesOf(
  store: Store,
  room: RoomId,
  tracks: Pick<SourcedTrack, 'type' | 'from'>[],
  dataFrom?: string,
): Promise<{ owner: string; streams: string[] }> {
  const sourceIds = [...tracks.map(({ from }) => from), ...(dataFrom === undefined ? [] : [dataFrom])]
  const found = await findStreams(store, room, sourceIds)
  tracks.forEach(({ type, from }, index) => {
    const has = found[index]?.tracks.some(
      (track) => track.type === type && (from === found[index]?.id || track.id === from),
    )
    if (!has) throw new SignalError('source_unsatisfying', type)
  })
  const owners = new Set(found.map(({ owner }) => owner))
  const [owner] = owners
  if (owner === undefined) throw new SignalError('bad_request', 'request has neither tracks nor data')
  if (owners.size > 1) throw new SignalError('several_owners')
  return { owner, streams: [...new Set(found.map(({ id }) => id))] }
}

async function findStreams(store: Store, room: RoomId, sourceIds: string[]): Promise<Stream[]> {
  const byId = await store.media.streams(room, sourceIds)
  if (byId.every((stream) => stream !== undefined)) return byId
  // the id of a track does not contain that of its stream, so this searches all streams of the room
  const { streams } = await store.roster.roster(room)
  return sourceIds.map((from, index) => {
    const stream = byId[index] ?? streams.find(({ tracks }) => tracks.some(({ id }) => id === from))
    if (!stream) throw new SignalError('no_such_source', from)
    return stream
  })
}
