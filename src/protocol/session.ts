import { Type } from 'typebox'
import type { RequestDefinitions } from './dialect.ts'

/** The last argument of every notification of a log entry. `nickname`: the sender's nickname, in `new_message` of `/rooms`. */
export type Meta = { seq: number; from?: string; nickname?: string }

/** The data of `draining`: the node closes the connection within `withinMs`. */
export type Draining = { withinMs: number }

export const TicketAndSeq = Type.Object({
  ticket: Type.String(),
  seq: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
})

/** WebRTC's RTCIceServer. The credentials of a TURN server expire. */
export const IceServers = Type.Array(
  Type.Object({
    urls: Type.Union([Type.String(), Type.Array(Type.String())]),
    username: Type.Optional(Type.String()),
    credential: Type.Optional(Type.String()),
  }),
)

/** The limits of one client: MESSAGES_PER_SECOND, MESSAGE_BURST, MAX_MESSAGE_BYTES. */
export const Limits = Type.Object({
  messagesPerSecond: Type.Integer(),
  burst: Type.Integer(),
  maxMessageBytes: Type.Integer(),
})

/** The session verbs, the same in every dialect (docs/protocol.md#session-verbs). */
export const session = {
  relogin: {
    phase: 'login',
    resumes: true,
    // anything else than the object counts as a ticket, and is refused as an invalid ticket
    payload: Type.Unknown(),
    reply: Type.Union([
      Type.String(),
      Type.Object({
        ticket: Type.String(),
        seq: Type.Integer(),
        complete: Type.Boolean(),
        room: Type.Optional(Type.Unknown()),
        iceServers: Type.Optional(IceServers),
        limits: Type.Optional(Limits),
      }),
    ]),
  },
  refreshReconnectionTicket: {
    phase: 'needs_session',
    issuesTicket: true,
    payload: Type.Object({ ice: Type.Optional(Type.Boolean()) }),
    optional: true,
    reply: Type.Union([Type.String(), Type.Object({ ticket: Type.String(), iceServers: IceServers })]),
  },
  logout: { phase: 'needs_session' },
} as const satisfies RequestDefinitions
