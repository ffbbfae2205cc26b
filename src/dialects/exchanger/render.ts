import type { Entry, ParticipantEntryData } from '../../core/model.ts'
import type { RenderedEvent } from '../../gateway/dialect.ts'
import { renderShared } from '../shared/render.ts'
import { userOf } from './channel.ts'

const eventNames = { offer: 'receiveOffer', answer: 'receiveAnswer', candidate: 'receiveCandidate' } as const

/** The notification of an entry (docs/dialects.md#exchanger). */
export function render(entry: Entry): RenderedEvent | undefined {
  switch (entry.event) {
    case 'participant': {
      const { action, member } = entry.data as ParticipantEntryData
      return [action === 'join' ? 'userJoinedStream' : 'userLeftStream', userOf(member)]
    }
    case 'offer':
    case 'answer':
    case 'candidate':
      return [eventNames[entry.event], entry.data]
    default:
      return renderShared(entry)
  }
}
