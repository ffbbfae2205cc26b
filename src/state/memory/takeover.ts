import { type Deadline, requestTimeoutMs } from '../../core/deadline.ts'
import { SupersededError } from '../../core/errors.ts'
import { follows, type Member, type ParticipantId } from '../../core/model.ts'
import { nodeOf, type Resumed } from '../../core/ports/session-store.ts'
import type { IssuedTickets } from '../../core/session/issued-tickets.ts'
import type { RoomRecord, SessionRecord } from './room.ts'

/**
 * Refuses a login or resume that is older than the one that has the session: the client has reconnected since. The later request
 * has the later deadline. A larger difference than the time of a request cannot come from two requests at the same time.
 */
export function refuseSuperseded(record: SessionRecord | undefined, deadline: Deadline | undefined): void {
  if (
    !record ||
    deadline === undefined ||
    record.takeoverDeadline <= deadline ||
    record.takeoverDeadline - deadline > requestTimeoutMs
  )
    return
  throw new SupersededError()
}

type NewOwner = {
  node: string
  seq: number | undefined
  tickets: IssuedTickets
  deadline: Deadline | undefined
}

/** Gives a session to a new owner. Deliveries continue after `seq`, or after the entries that the client has confirmed. */
export function takeOver(
  room: RoomRecord,
  id: ParticipantId,
  record: SessionRecord,
  { node, seq, tickets, deadline }: NewOwner,
): Resumed {
  const wasConnected = record.state === 'connected'
  const previousOwner = record.owner
  const inDoubtUpTo = seq !== undefined ? 0 : wasConnected ? room.seq : record.inDoubtUpTo
  const wanted = Math.min(Math.max(record.joined, seq ?? record.confirmed), room.seq)
  const next = room.log.find((entry) => entry.seq > wanted)
  const complete = wanted === room.seq || (next !== undefined && follows(next, wanted))
  // the numbers before a leap were never used; other missing numbers are trimmed entries
  const deliverAfter = complete ? wanted : next?.event === 'leap' ? next.seq : room.seq
  const owner = `${node}:${room.nextGeneration()}`
  Object.assign(record, {
    owner,
    state: 'connected',
    tickets,
    ticketConfirmed: true,
    takeoverDeadline: deadline ?? 0,
    confirmed: deliverAfter,
    inDoubtUpTo,
  } satisfies Partial<SessionRecord>)
  return structuredClone({
    owner,
    member: room.members.get(id) as Member,
    deliverAfter,
    inDoubtUpTo,
    complete,
    ...(complete ? {} : { roster: room.roster() }),
    ...(wasConnected ? { previousOwner } : {}),
    previousNode: nodeOf({ owner: previousOwner }),
    rid: record.rid,
    tokenId: record.token,
  })
}
