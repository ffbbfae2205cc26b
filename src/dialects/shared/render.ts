import type { Entry, ParticipantNews } from '../../core/model.ts'
import type { Meta } from '../../protocol/session.ts'

/** Who came or left stands in `from`: without it nobody could be addressed in dialects that tell a name only. */
export function metaOfNews({ event, data }: Entry): Omit<Meta, 'seq'> {
  return event === 'participant' ? { from: (data as ParticipantNews).member.id } : {}
}
