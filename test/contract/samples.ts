import { newId } from '../../src/core/ids.ts'
import type { Draft, Stream, Subscription } from '../../src/core/model.ts'

export function camera(owner: string, changes: Partial<Stream> = {}): Stream {
  const id = newId()
  return {
    id,
    owner,
    transportId: id,
    tracks: [
      { id: newId(), type: 'audio', mid: '0', source: 'mic', status: 'active' },
      { id: newId(), type: 'video', mid: '1', source: 'camera', status: 'active' },
    ],
    data: false,
    attributes: { name: 'Zoë', empty: {}, list: [], 7: null },
    ...changes,
  }
}

export function viewing(stream: Stream, subscriber: string, changes: Partial<Subscription> = {}): Subscription {
  const id = newId()
  return {
    id,
    subscriber,
    owner: stream.owner,
    transportId: id,
    streams: [stream.id],
    tracks: stream.tracks.map(({ type, mid, id: from }) => ({ type, mid, from })),
    paused: [],
    ...changes,
  }
}

/** The notification of a publisher to the room. */
export function streamNews(stream: Stream, status: 'add' | 'update' | 'remove'): Draft {
  return { event: 'stream', data: { id: stream.id, status }, from: stream.owner }
}

/** The notification that the store appends for the other side of an ended subscription. */
export function subscriptionRemoved({ id }: Subscription, to: string): Draft {
  return { event: 'subscription', data: { action: 'remove', id }, to }
}
