import { SignalError } from '../errors.ts'
import type { RoomId, Stream } from '../model.ts'
import type { State } from '../ports/state.ts'
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
 * Whose streams a subscription's tracks come from. `from` is a stream's id, or one of its tracks'.
 * @throws no_such_source, source_unsatisfying, several_owners
 */
export async function sourcesOf(
  state: State,
  room: RoomId,
  tracks: Pick<SourcedTrack, 'type' | 'from'>[],
  dataFrom?: string,
): Promise<{ owner: string; streams: string[] }> {
  const froms = [...tracks.map(({ from }) => from), ...(dataFrom === undefined ? [] : [dataFrom])]
  const found = await find(state, room, froms)
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

async function find(state: State, room: RoomId, froms: string[]): Promise<Stream[]> {
  const byId = await state.media.streams(room, froms)
  if (byId.every((stream) => stream !== undefined)) return byId
  // a track's id does not name its stream, so all of the room's are looked at
  const { streams } = await state.sessionStore.roster(room)
  return froms.map((from, index) => {
    const stream = byId[index] ?? streams.find(({ tracks }) => tracks.some(({ id }) => id === from))
    if (!stream) throw new SignalError('no_such_source', from)
    return stream
  })
}
