import type { TrackKind } from '../model.ts'
import type { RequestContext } from '../session/request-context.ts'

export type TrackRequest = { type: TrackKind; mid?: string; source?: string }

/** How media travels: `mesh` between clients; a client that names another type, or none, expects a media server. */
export type TransportRequest = { type?: string; id?: string }

export type PublishRequest = {
  tracks: TrackRequest[]
  data: boolean
  attributes?: { [name: string]: unknown }
  transport?: TransportRequest
}

export type SubscribeRequest = {
  tracks: { type: TrackKind; mid?: string; from?: string; parameters?: unknown; format?: unknown }[]
  /** A stream whose data channel is wanted. */
  dataFrom?: string
  transport?: TransportRequest
}

export type SubscriptionUpdate = { audio?: { from: string }; video?: { from?: string; parameters?: unknown } }

export type Signaling = { type: 'offer' | 'answer' | 'candidate' | 'removed-candidates' }

export type SessionIds = { id: string; transportId: string }

/** What a room does with media. Signalbox has none of its own: `mesh` lets clients connect to each other; an SFU would be another. */
export interface MediaBackend {
  publish(context: RequestContext, request: PublishRequest): Promise<SessionIds>
  unpublish(context: RequestContext, id: string): Promise<void>
  controlStream(context: RequestContext, id: string, operation: string, data: unknown): Promise<void>
  subscribe(context: RequestContext, request: SubscribeRequest): Promise<SessionIds>
  unsubscribe(context: RequestContext, id: string): Promise<void>
  controlSubscription(context: RequestContext, id: string, operation: string, data: unknown): Promise<void>
  /** An offer, answer or candidate for a subscription, from one of its two sides to the other. */
  signal(context: RequestContext, id: string, signaling: Signaling, to?: string): Promise<void>
}
