import type { ParticipantId, RoomId } from '../../core/model.ts'
import type { RedisClient } from './client.ts'
import type { Keys } from './keys.ts'

/** The owner of each member's session in a room, and the given fields of the session. */
export async function sessionRecords(
  client: RedisClient,
  keys: Keys,
  room: RoomId,
  ...fields: ('state' | 'deadline' | 'vouched')[]
): Promise<{ id: ParticipantId; owner: string | null | undefined; values: (string | null | undefined)[] }[]> {
  const ids = await client.hkeys(keys.members(room))
  return Promise.all(
    ids.map(async (id) => {
      const [owner, ...values] = await client.hmget(keys.session(room, id), 'owner', ...fields)
      return { id, owner, values }
    }),
  )
}
