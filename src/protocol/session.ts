import { Type } from 'typebox'
import type { Dialect } from './dialect.ts'

/** What every notification carries as its last argument. `nickname`: the sender's, with `new_message` in rooms. */
export type Meta = { seq: number; from?: string; nickname?: string }

/** `draining`, sent before a node moves its connections: this one is closed within so many ms. */
export type Draining = { withinMs: number }

export const TicketAndSeq = Type.Object({
  ticket: Type.String(),
  seq: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
})

/** As WebRTC's RTCIceServer; the credentials of a TURN server end by themselves. */
export const IceServers = Type.Array(
  Type.Object({
    urls: Type.Union([Type.String(), Type.Array(Type.String())]),
    username: Type.Optional(Type.String()),
    credential: Type.Optional(Type.String()),
  }),
)

/** What the node takes of one connection: MESSAGES_PER_SECOND, MESSAGE_BURST, MAX_MESSAGE_BYTES. */
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
    // anything that is not the object form is taken for a ticket, and refused as one if it is none
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
    phase: 'session',
    issuesTicket: true,
    payload: Type.Object({ ice: Type.Optional(Type.Boolean()) }),
    optional: true,
    reply: Type.Union([Type.String(), Type.Object({ ticket: Type.String(), iceServers: IceServers })]),
  },
  logout: { phase: 'session' },
} as const satisfies Dialect
