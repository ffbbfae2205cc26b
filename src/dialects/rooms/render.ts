import type { Entry, ParticipantEntryData } from '../../core/model.ts'
import type { RenderedEvent } from '../../gateway/dialect.ts'
import type { Meta } from '../../protocol/session.ts'
import { participantMeta, renderShared } from '../shared/render.ts'
import { nicknameOf } from './room.ts'

/** The notification of an entry (docs/dialects.md#rooms). */
export function render(entry: Entry): RenderedEvent | undefined {
  switch (entry.event) {
    case 'participant': {
      const { action, member } = entry.data as ParticipantEntryData
      return [action === 'join' ? 'welcome' : 'bye', nicknameOf(member)]
    }
    case 'text': {
      const { text } = entry.data as { text: string }
      return [entry.to === undefined ? 'new_message' : 'direct_message', text]
    }
    case 'offer':
    case 'answer':
      return [entry.event, entry.data]
    case 'candidate':
      return ['ice', entry.data]
    default:
      return renderShared(entry)
  }
}

/** The id of the participant that joined or left; the sender's nickname in a text to everyone. */
export function metaOf(entry: Entry): Omit<Meta, 'seq'> {
  if (entry.event !== 'text') return participantMeta(entry)
  const { nickname } = entry.data as { nickname?: string }
  return nickname === undefined ? {} : { nickname }
}
