import type { DeliveryState, SessionRef } from '../../core/ports/session-store.ts'
import type { Keys } from './keys.ts'
import type { Scripts } from './scripts.ts'

/** The member of the `waiting` zset for a participant. Room ids have no `|`: they are percent-encoded. */
export const waiterOf = ({ room, id }: Pick<SessionRef, 'room' | 'id'>) => `${room}|${id}`

/**
 * Notes the deadline, detaches, and notes the deadline again if that is gone. In this order: a process that ends in between
 * leaves a note that the reaper finds to be nothing, never a participant that waits for ever; and where it stands still
 * between the first two for longer than the window, the reaper has dropped the note by then. (They are on different shards
 * of a cluster.)
 * @param mark undefined: the node is dead, nobody knows what it had handed on
 */
export async function openWindow(
  scripts: Scripts,
  keys: Keys,
  ref: SessionRef,
  deliveryState?: DeliveryState,
): Promise<'waiting' | 'left' | 'moved'> {
  const deadline = await scripts.run('open-window', [keys.waiting, keys.waitingClock], [waiterOf(ref)])
  const session = keys.session(ref.room, ref.id)
  const outcome = await scripts.run(
    'detach',
    [session, keys.room(ref.room)],
    [ref.owner, Number(deadline), deliveryState?.confirmed ?? '', deliveryState?.sent ?? ''],
  )
  if (outcome === 'waiting') await noteDeadline(scripts, keys, ref, Number(deadline))
  return outcome as 'waiting' | 'left' | 'moved'
}

/** Notes the deadline of one who waits, unless a deadline is noted. */
export async function noteDeadline(scripts: Scripts, keys: Keys, ref: SessionRef, deadline: number): Promise<void> {
  await scripts.run('restore-window', [keys.waiting], [deadline, waiterOf(ref)])
}
