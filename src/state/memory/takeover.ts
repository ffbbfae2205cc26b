import { type Deadline, requestTimeoutMs } from '../../core/deadline.ts'
import { Overtaken } from '../../core/errors.ts'
import { follows, type Member, type ParticipantId } from '../../core/model.ts'
import type { Resumed } from '../../core/ports/session-store.ts'
import type { IssuedTickets } from '../../core/session/issued-tickets.ts'
import type { RoomRecord, SessionRecord } from './room.ts'

/** Refuses a request that arrived before the one that has the session: its client has reconnected since. */
export function refuseOvertaken(record: SessionRecord | undefined, deadline: Deadline | undefined): void {
  if (!record || deadline === undefined || record.taken <= deadline || record.taken - deadline > requestTimeoutMs)
    return
  throw new Overtaken()
}

type NewOwner = {
  node: string
  seq: number | undefined
  tickets: IssuedTickets
  deadline: Deadline | undefined
}

/** Gives a session to a new owner. Deliveries go on after `seq`, or after what the client has confirmed. */
export function takeOver(
  room: RoomRecord,
  id: ParticipantId,
  record: SessionRecord,
  { node, seq, tickets, deadline }: NewOwner,
): Resumed {
  const standing = record.state === 'connected'
  const before = record.owner
  const sent = seq !== undefined ? 0 : standing ? room.seq : record.sent
  const wanted = Math.min(Math.max(record.joined, seq ?? record.confirmed), room.seq)
  const next = room.log.find((entry) => entry.seq > wanted)
  const complete = wanted === room.seq || (next !== undefined && follows(next, wanted))
  // after a leap nothing is missing; trimmed entries are
  const from = complete ? wanted : next?.event === 'leap' ? next.seq : room.seq
  const owner = `${node}:${room.nextGeneration()}`
  Object.assign(record, {
    owner,
    state: 'connected',
    tickets,
    proven: true,
    taken: deadline ?? 0,
    confirmed: from,
    sent,
  } satisfies Partial<SessionRecord>)
  return structuredClone({
    owner,
    member: room.members.get(id) as Member,
    from,
    sent,
    complete,
    ...(complete ? {} : { roster: room.roster() }),
    ...(standing ? { previousOwner: before } : {}),
    previousNode: before.slice(0, before.lastIndexOf(':')),
    rid: record.rid,
    tokenId: record.token,
  })
}
