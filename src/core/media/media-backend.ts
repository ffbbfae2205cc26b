import type { TrackKind } from '../model.ts'
import type { RequestContext } from '../session/request-context.ts'

export type TrackRequest = { type: TrackKind; mid?: string; source?: string }

/** How media travels. `mesh`: between the clients. A client that names another type, or none, expects a media server. */
export type TransportRequest = { type?: string; id?: string }

export type PublishRequest = {
  tracks: TrackRequest[]
  data: boolean
  attributes?: { [name: string]: unknown }
  transport?: TransportRequest
}

export type SubscribeRequest = {
  tracks: { type: TrackKind; mid?: string; from?: string; parameters?: unknown; format?: unknown }[]
  /** The id of a stream whose data channel is requested. */
  dataFrom?: string
  transport?: TransportRequest
}

export type SubscriptionUpdate = { audio?: { from: string }; video?: { from?: string; parameters?: unknown } }

export type Signaling = { type: 'offer' | 'answer' | 'candidate' | 'removed-candidates' }

export type MediaIds = { id: string; transportId: string }

/** How a room handles media. Signalbox has no media server: with `mesh`, clients connect to each other. An SFU would be another backend. */
export interface MediaBackend {
  publish(context: RequestContext, request: PublishRequest): Promise<MediaIds>
  unpublish(context: RequestContext, id: string): Promise<void>
  controlStream(context: RequestContext, id: string, operation: string, data: unknown): Promise<void>
  subscribe(context: RequestContext, request: SubscribeRequest): Promise<MediaIds>
  unsubscribe(context: RequestContext, id: string): Promise<void>
  controlSubscription(context: RequestContext, id: string, operation: string, data: unknown): Promise<void>
  /** Sends an offer, answer or candidate for a subscription from one of its two sides to the other. */
  signal(context: RequestContext, id: string, signaling: Signaling, to?: string): Promise<void>
}
