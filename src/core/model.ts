/** The nouns of Signalbox. A room is a log; a participant is a user in a room and outlives its connection. */

/** A room's full name in the state: `dialect/name`, percent-encoded, so that it is safe inside a Redis key. */
export type RoomId = string

/** `^[0-9a-zA-Z-]+$`; never a socket's id. */
export type ParticipantId = string

export type Media = { audio: boolean; video: boolean }
export type Permission = { publish: Media; subscribe: Media }
export type Role = { role: string } & Permission

/** What is kept of a participant for the others to see and for every node to serve it. */
export type Member = {
  id: ParticipantId
  user: string
  role: string
  permission: Permission
  /** How often the permission was changed: of two that are told, the one that was changed more often is the newer. */
  changes?: number
  /** What a dialect keeps of a client, JSON: protocol version, nickname, what the client calls its user. */
  profile: { [name: string]: unknown }
}

/** One line of a room's log. `seq` counts from 1 without a hole, but for leaps. */
export type Entry = {
  seq: number
  /** When the store took it, ms since the epoch on the store's clock. */
  at: number
  event: EntryEvent
  data: unknown
  /** The participant who said it. */
  from?: ParticipantId
  /** For one participant only. */
  to?: ParticipantId
  /** For everyone but this participant. */
  except?: ParticipantId
  /** At most once: left out of a replay where it may have been seen already. */
  once?: true
}

/** An entry before the store has numbered and dated it. */
export type Draft = Omit<Entry, 'seq' | 'at'>

/**
 * What can be said in a room, in the words of the domain; each dialect puts it in its own.
 * `participant` and `drop` are written by the state itself, together with the change that they tell of.
 * `permission` tells the node that serves a participant, not its client. `leap` tells nodes that numbers go on at its own.
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

export type ParticipantNews = { action: 'join'; member: Member } | { action: 'leave'; member: Member }

export type PermissionNews = { permission: Permission; changes: number }

/** The store may have lost its newest entries: `after` is the last that it knows, and whatever was numbered above is gone. */
export type LeapNews = { after: number }

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

/** Someone consuming tracks of one owner's streams. */
export type Subscription = {
  id: string
  subscriber: ParticipantId
  owner: ParticipantId
  transportId: string
  streams: string[]
  tracks: SubscribedTrack[]
  paused: TrackKind[]
}

/** What an operator may set for a room. A limit of -1 is none. */
export type RoomOptions = {
  participantLimit: number
  inputLimit: number
  roles: Role[]
  views: string[]
  /** Whether members are told of each other's coming and going, and of streams. */
  notifying: { participantActivities: boolean; streamChange: boolean }
  /** What management keeps with a room and nothing here goes by: its name, OWT's settings for media. */
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

/** Who is in a room and what is published there, as of `seq`. */
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

/** Whether an entry is meant for a participant. */
export function isFor(entry: Entry, id: ParticipantId): boolean {
  return entry.to === undefined ? entry.except !== id : entry.to === id
}

/** Whether an entry is the next one after a position. */
export function follows({ seq, event, data }: Entry, position: number): boolean {
  return seq === position + 1 || (event === 'leap' && (data as LeapNews).after === position)
}
