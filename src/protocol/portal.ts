import { Type } from 'typebox'
import type { RequestDefinitions } from './dialect.ts'
import {
  MediaIdsReply,
  Publication,
  PublicationV1,
  StreamControl,
  SubscriptionControl,
  SubscriptionRequest,
  SubscriptionRequestV1,
} from './portal-media.ts'
import { IceServers, Limits, session } from './session.ts'

/** Ids on the wire: no underscore, as in OWT. */
const Id = Type.String({ maxLength: 256, pattern: '^[0-9a-zA-Z-]+$' })

/** A text, in every version: clients of one version receive those of the others. */
const Message = Type.String({ maxLength: 2048 })

/** What the ack of login has in every version. */
const sessionFields = {
  reconnectionTicket: Type.String(),
  seq: Type.Integer(),
  iceServers: Type.Optional(IceServers),
  limits: Type.Optional(Limits),
}

/** The ack of login: the participant and the present state of its room (docs/owt.md#join-result). */
const JoinResult = Type.Object({
  id: Type.String(),
  user: Type.String(),
  role: Type.String(),
  permission: Type.Unknown(),
  room: Type.Unknown(),
  ...sessionFields,
})

/** The ack of login for legacy clients: the room, and the id of the participant. */
const LegacyJoinResult = Type.Object({
  id: Type.String(),
  users: Type.Array(Type.Unknown()),
  streams: Type.Array(Type.Unknown()),
  clientId: Type.String(),
  ...sessionFields,
})

/** OWT Client-Portal protocol 1.2 (docs/owt.md#requests). */
export const portal = {
  // the handler validates a login, in OWT's order: protocol, SDK, user agent, token
  login: { phase: 'login', payload: Type.Unknown(), reply: Type.Union([JoinResult, LegacyJoinResult]) },
  ...session,
  text: {
    phase: 'awaits_session',
    payload: Type.Object({ to: Type.String({ minLength: 1 }), message: Message }),
    refusals: { '/to': 'invalid_receiver', '/message': 'text_too_long' },
  },
  publish: { phase: 'awaits_session', payload: Publication, reply: MediaIdsReply },
  unpublish: {
    phase: 'awaits_session',
    payload: Type.Object({ id: Id }),
    refusals: { '': 'invalid_stream_id', '/id': 'invalid_stream_id' },
  },
  'stream-control': { phase: 'awaits_session', payload: StreamControl },
  subscribe: { phase: 'awaits_session', payload: SubscriptionRequest, reply: MediaIdsReply },
  unsubscribe: {
    phase: 'awaits_session',
    payload: Type.Object({ id: Id }),
    refusals: { '': 'invalid_subscription_id', '/id': 'invalid_subscription_id' },
  },
  'subscription-control': { phase: 'awaits_session', payload: SubscriptionControl },
  soac: {
    phase: 'awaits_session',
    payload: Type.Object({
      id: Type.String(),
      to: Type.Optional(Type.String()),
      signaling: Type.Object({ type: Type.Enum(['offer', 'answer', 'candidate', 'removed-candidates']) }),
    }),
    refusals: {
      '/id': 'invalid_soac_id',
      '/to': 'invalid_receiver',
      '/signaling': 'invalid_signaling',
      '/signaling/type': 'invalid_signaling_type',
    },
  },
} as const satisfies RequestDefinitions

/** Protocol 1.0 and 1.1: the media of publish and subscribe in the old form. */
export const portalV1 = {
  ...portal,
  publish: { phase: 'awaits_session', payload: PublicationV1, reply: MediaIdsReply },
  subscribe: { phase: 'awaits_session', payload: SubscriptionRequestV1, reply: MediaIdsReply },
} as const satisfies RequestDefinitions

/** Protocol absent: the session verbs and text of OWT's legacy clients. */
export const portalLegacy = {
  login: portal.login,
  ...session,
  customMessage: {
    phase: 'awaits_session',
    payload: Type.Object({
      type: Type.Literal('data'),
      receiver: Type.String({ minLength: 1 }),
      data: Message,
    }),
    refusals: { '/type': 'invalid_message_type', '/receiver': 'invalid_receiver', '/data': 'text_too_long' },
  },
} as const satisfies RequestDefinitions
