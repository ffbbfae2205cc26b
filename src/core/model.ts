/** The nouns of Signalbox. A room is a log. A participant is a user in a room, and outlives its connections. */

/** The id of a room: `dialect/name`, the name percent-encoded, so that it is safe in a Redis key. */
export type RoomId = string

/** `^[0-9a-zA-Z-]+$`; never the id of a socket. */
export type ParticipantId = string

export type Media = { audio: boolean; video: boolean }
export type Permission = { publish: Media; subscribe: Media }
export type Role = { role: string } & Permission

/** The record of a participant in the roster of its room: what the other participants see, and what a node needs to serve it. */
export type Member = {
  id: ParticipantId
  user: string
  role: string
  permission: Permission
  /** How often the permission was changed. Of two permissions, the one with more changes is newer. */
  changes?: number
  /** What a dialect keeps of a client, as JSON: its protocol version, its nickname, its own name for the user. */
  profile: { [name: string]: unknown }
}

/** One record of a room's log. `seq` rises from 1 by one, except at leaps. */
export type Entry = {
  seq: number
  /** When the store appended it, ms since the epoch on the store's clock. */
  at: number
  event: EntryEvent
  data: unknown
  /** The participant that sent it. */
  from?: ParticipantId
  /** For one participant only. */
  to?: ParticipantId
  /** For everyone but this participant. */
  except?: ParticipantId
  /** At most once: omitted from a replay if the client may have received it. */
  once?: true
}

/** An entry before the store has numbered and dated it. */
export type Draft = Omit<Entry, 'seq' | 'at'>

/**
 * The kinds of entries. Each dialect renders them as its own events. The store itself writes
 * `participant`, `leap`, and the ends of streams and subscriptions, in the same step as the change that they report. `permission` is for the node that serves a participant, not for its client. `leap`
 * is for nodes: the room's numbers continue at its own seq. `message` is from a backend, by the management API.
 */
export type EntryEvent =
  | 'participant'
  | 'drop'
  | 'permission'
  | 'leap'
  | 'text'
  | 'stream'
  | 'progress'
  | 'subscription'
  | 'soac'
  | 'offer'
  | 'answer'
  | 'candidate'
  | 'message'

export type ParticipantEntryData = { action: 'join'; member: Member } | { action: 'leave'; member: Member }

export type PermissionEntryData = { permission: Permission; changes: number }

/** The store may have lost its newest entries. `after`: the last seq that it has; later entries are lost. */
export type LeapEntryData = { after: number }

export type TrackKind = 'audio' | 'video'

export type Track = {
  id: string
  type: TrackKind
  mid: string
  source?: string
  status: 'active' | 'inactive'
}

/** A published media source. */
export type Stream = {
  id: string
  owner: ParticipantId
  transportId: string
  tracks: Track[]
  data: boolean
  attributes?: { [name: string]: unknown }
}

export type SubscribedTrack = {
  type: TrackKind
  mid: string
  from: string
  parameters?: unknown
  format?: unknown
}

/** A participant's consumption of tracks of one owner's streams. */
export type Subscription = {
  id: string
  subscriber: ParticipantId
  owner: ParticipantId
  transportId: string
  streams: string[]
  tracks: SubscribedTrack[]
  paused: TrackKind[]
}

/** The settings of a room. A limit of -1 means no limit. */
export type RoomOptions = {
  participantLimit: number
  inputLimit: number
  roles: Role[]
  views: string[]
  /** Whether participants are notified of joins and leaves, and of streams. */
  notifying: { participantActivities: boolean; streamChange: boolean }
  /** Stored for the management API without effect here: the room's name, OWT's media settings. */
  about?: { [field: string]: unknown }
}

const media = (audio: boolean, video: boolean): Media => ({ audio, video })

/** OWT's default roles. */
export const defaultRoles: Role[] = [
  { role: 'presenter', publish: media(true, true), subscribe: media(true, true) },
  { role: 'viewer', publish: media(false, false), subscribe: media(true, true) },
  { role: 'audio_only_presenter', publish: media(true, false), subscribe: media(true, false) },
  { role: 'video_only_viewer', publish: media(false, false), subscribe: media(false, true) },
  { role: 'sip', publish: media(true, true), subscribe: media(true, true) },
]

export const defaultRoomOptions: RoomOptions = {
  participantLimit: -1,
  inputLimit: -1,
  roles: defaultRoles,
  views: ['common'],
  notifying: { participantActivities: true, streamChange: true },
}

/** The participants and streams of a room, as of `seq`. */
export type Roster = { seq: number; members: Member[]; streams: Stream[] }

export function roomIdOf(dialect: string, name: string): RoomId {
  return `${dialect}/${encodeURIComponent(name)}`
}

export function dialectOf(room: RoomId): string {
  return room.slice(0, room.indexOf('/'))
}

export function roomName(room: RoomId): string {
  return decodeURIComponent(room.slice(room.indexOf('/') + 1))
}

/** Whether an entry is addressed to a participant. */
export function isFor(entry: Entry, id: ParticipantId): boolean {
  return entry.to === undefined ? entry.except !== id : entry.to === id
}

/** Whether an entry is the next one after a seq. */
export function follows({ seq, event, data }: Entry, before: number): boolean {
  return seq === before + 1 || (event === 'leap' && (data as LeapEntryData).after === before)
}
