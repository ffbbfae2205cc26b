import type { Asked } from '../session/request-context.ts'

export type TrackRequest = { type: 'audio' | 'video'; mid?: string; source?: string }

/** How media travels: `mesh` between clients; a client that names another type, or none, expects a media server. */
export type Transport = { type?: string; id?: string }

export type PublishRequest = {
  tracks: TrackRequest[]
  data: boolean
  attributes?: { [name: string]: unknown }
  transport?: Transport
}

export type SubscribeRequest = {
  tracks: { type: 'audio' | 'video'; mid?: string; from?: string; parameters?: unknown; format?: unknown }[]
  /** A stream whose data channel is wanted. */
  dataFrom?: string
  transport?: Transport
}

export type SubscriptionUpdate = { audio?: { from: string }; video?: { from?: string; parameters?: unknown } }

export type Signaling = { type: 'offer' | 'answer' | 'candidate' | 'removed-candidates' }

export type SessionIds = { id: string; transportId: string }

/** What a room does with media. Signalbox has none of its own: `mesh` lets clients connect to each other; an SFU would be another. */
export interface MediaBackend {
  publish(asked: Asked, request: PublishRequest): Promise<SessionIds>
  unpublish(asked: Asked, id: string): Promise<void>
  controlStream(asked: Asked, id: string, operation: string, data: unknown): Promise<void>
  subscribe(asked: Asked, request: SubscribeRequest): Promise<SessionIds>
  unsubscribe(asked: Asked, id: string): Promise<void>
  controlSubscription(asked: Asked, id: string, operation: string, data: unknown): Promise<void>
  /** An offer, answer or candidate for a subscription, from one of its two sides to the other. */
  signal(asked: Asked, id: string, signaling: Signaling, to?: string): Promise<void>
}
