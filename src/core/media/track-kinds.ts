import type { TrackKind } from '../model.ts'

/** The kinds of tracks that a `pause` or `play` request names; undefined if it is not such a request. */
export function kindsOf(operation: string, data: unknown): TrackKind[] | undefined {
  if (operation !== 'pause' && operation !== 'play') return undefined
  if (data === 'av') return ['audio', 'video']
  return data === 'audio' || data === 'video' ? [data] : undefined
}
