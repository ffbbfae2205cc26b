import type { Meta } from '../protocol/session.ts'
import type { IceServer } from './mesh/rtc.ts'

export type Participant = { id: string; user: string; role: string }

/** A published stream, as protocol 1.2 lists it; `info.owner` is the participant who sends it. */
export type StreamInfo = {
  id: string
  type: string
  media: { tracks: { id?: string; type: 'audio' | 'video'; source?: string; status: string; mid?: string }[] }
  data: unknown
  info: { owner?: string; attributes?: { [name: string]: unknown }; [field: string]: unknown }
}

export type PortalRoom = { id: string; views: string[]; participants: Participant[]; streams: StreamInfo[] }

/** The ack of login: this participant, and a snapshot of the room. */
export type JoinResult = Participant & {
  permission: { publish: Kinds; subscribe: Kinds }
  room: PortalRoom
  reconnectionTicket: string
  seq: number
  iceServers?: IceServer[]
}
type Kinds = { audio: boolean; video: boolean }

export type TextNotification = { from: string; to: 'all' | 'me'; message: unknown }
export type ParticipantNotification = { action: 'join'; data: Participant } | { action: 'leave'; data: string }
export type StreamNotification =
  | { id: string; status: 'add'; data: StreamInfo }
  | { id: string; status: 'update'; data: { field: string; value: unknown } }
  | { id: string; status: 'remove' }
export type ProgressNotification = { id: string; sessionId?: string; status: string; data?: unknown }
export type SubscriptionNotification =
  | { action: 'add'; id: string; stream: string; tracks: unknown[]; participant: string }
  | { action: 'remove'; id: string }
export type SoacNotification = { id: string; from: string; signaling: { type: string; [field: string]: unknown } }

/** The portal's notifications. */
export type PortalNotifications = {
  text: [text: TextNotification, meta: Meta]
  participant: [change: ParticipantNotification, meta: Meta]
  stream: [change: StreamNotification, meta: Meta]
  progress: [progress: ProgressNotification, meta: Meta]
  subscription: [change: SubscriptionNotification, meta: Meta]
  soac: [soac: SoacNotification, meta: Meta]
}
