import type { Entry, ParticipantEntryData, Stream } from '../../core/model.ts'
import type { RenderedEvent } from '../../gateway/dialect.ts'
import { renderShared } from '../shared/render.ts'
import { isPortalVersion, legacyUser, type PortalVersion, participantInfo, portalVersions } from './versions.ts'

/** The notification of an entry (docs/owt.md#notifications). */
export function render(entry: Entry, version: string): RenderedEvent | undefined {
  const known = isPortalVersion(version) ? version : '1.2'
  return known === 'legacy' ? renderLegacy(entry) : renderNumbered(entry, known)
}

/** For the versions with a number: 1.0, 1.1 and 1.2. */
function renderNumbered(entry: Entry, version: Exclude<PortalVersion, 'legacy'>): RenderedEvent | undefined {
  switch (entry.event) {
    case 'participant': {
      const { action, member } = entry.data as ParticipantEntryData
      return ['participant', { action, data: action === 'join' ? participantInfo(member) : member.id }]
    }
    case 'text': {
      const { message } = entry.data as { message: unknown }
      return ['text', { from: entry.from, to: entry.to === undefined ? 'all' : 'me', message }]
    }
    case 'stream': {
      const news = entry.data as { id: string; status: string; data: unknown }
      const added = news.status === 'add'
      return ['stream', added ? { ...news, data: portalVersions[version].stream(news.data as Stream) } : news]
    }
    case 'progress': {
      // before 1.2 the progress of a session, unlike that of its transport, has an event of its own
      const isSession = version !== '1.2' && Object.hasOwn(entry.data as object, 'sessionId')
      return [isSession ? 'session-progress' : 'progress', entry.data]
    }
    case 'subscription':
    case 'soac':
      return [entry.event, entry.data]
    default:
      return renderShared(entry)
  }
}

/** Legacy clients receive presence and text. They do not receive media. */
function renderLegacy(entry: Entry): RenderedEvent | undefined {
  switch (entry.event) {
    case 'participant': {
      const { action, member } = entry.data as ParticipantEntryData
      return action === 'join'
        ? ['user_join', { user: legacyUser(member) }]
        : ['user_leave', { user: { id: member.id } }]
    }
    case 'text': {
      const { message } = entry.data as { message: unknown }
      return ['custom_message', { from: entry.from, to: entry.to === undefined ? 'all' : 'me', data: message }]
    }
    case 'drop':
      return renderShared(entry)
    default:
      return undefined
  }
}
