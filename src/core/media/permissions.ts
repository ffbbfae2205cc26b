import { SignalError } from '../errors.ts'
import type { Permission, TrackKind } from '../model.ts'
import type { Store } from '../ports/store.ts'
import type { RequestContext } from '../session/request-context.ts'

/**
 * Asks the store: management may have acknowledged a change of the permission before the room's feed has brought it to this
 * node.
 * @throws unauthorized, unavailable
 */
export async function authorize(
  { roster }: Pick<Store, 'roster'>,
  { session }: RequestContext,
  action: keyof Permission,
  tracks: { type: TrackKind }[],
): Promise<void> {
  const { permission } = (await roster.member(session.room, session.id)) ?? session.member
  if (tracks.some(({ type }) => !permission[action][type])) throw new SignalError('unauthorized')
}
