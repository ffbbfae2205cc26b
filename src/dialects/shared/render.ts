import type { Entry, ParticipantEntryData } from '../../core/model.ts'
import type { RenderedEvent } from '../../gateway/dialect.ts'
import type { Meta } from '../../protocol/session.ts'

/** The notifications that are the same in every dialect: a message of the management API, and the disconnect of a participant. */
export function renderShared({ event, data }: Entry): RenderedEvent | undefined {
  if (event === 'drop') return ['drop']
  if (event !== 'message') return undefined
  const message = data as { event: string; data: unknown }
  return [message.event, message.data]
}

/** Puts the id of the participant that joined or left into `from`, for dialects whose notification has only a name. */
export function participantMeta({ event, data }: Entry): Omit<Meta, 'seq'> {
  return event === 'participant' ? { from: (data as ParticipantEntryData).member.id } : {}
}
