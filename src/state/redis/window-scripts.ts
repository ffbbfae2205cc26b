import type { DeliveryState, SessionRef } from '../../core/ports/session-store.ts'
import type { Keys } from './keys.ts'
import type { Scripts } from './scripts.ts'

/** The participant's member of the zset `waiting`. Room ids are percent-encoded, so they contain no `|`. */
export const waitingMember = ({ room, id }: Pick<SessionRef, 'room' | 'id'>) => `${room}|${id}`

/**
 * Opens the window of a session, in three steps, because the windows and the session are on different shards of a Redis Cluster:
 * 1. Records the end of the window. If the process dies after this step, the reaper removes the record, so no participant waits
 *    for ever.
 * 2. Detaches the session.
 * 3. Records the end again if it is gone. If the process was suspended after the first step for longer than the window, the reaper
 *    has removed the record before the second step.
 * @param deliveryState undefined if the node died, so that no node knows how far its deliveries came
 */
export async function openWindow(
  scripts: Scripts,
  keys: Keys,
  ref: SessionRef,
  deliveryState?: DeliveryState,
): Promise<'waiting' | 'left' | 'moved'> {
  const windowEnd = await scripts.run('open-window', [keys.waiting, keys.waitingClock], [waitingMember(ref)])
  const session = keys.session(ref.room, ref.id)
  const outcome = await scripts.run(
    'detach',
    [session, keys.room(ref.room)],
    [ref.owner, Number(windowEnd), deliveryState?.confirmed ?? '', deliveryState?.sent ?? ''],
  )
  if (outcome === 'waiting') await restoreWindow(scripts, keys, ref, Number(windowEnd))
  return outcome as 'waiting' | 'left' | 'moved'
}

/** Records the end of the window of a session that waits, unless one is recorded. */
export async function restoreWindow(scripts: Scripts, keys: Keys, ref: SessionRef, windowEnd: number): Promise<void> {
  await scripts.run('restore-window', [keys.waiting], [windowEnd, waitingMember(ref)])
}
