import { Type } from 'typebox'
import { maxNameCharacters } from '../core/names.ts'
import type { RequestDefinitions } from './dialect.ts'
import { Missing, Name, To } from './names.ts'
import { IceServers, Limits, session } from './session.ts'

const nickname = Name(64)
const room = Name(maxNameCharacters)
/** The room of the session, as the client names it; missing: the request does not check it. */
const inRoom = Type.Optional(Type.Union([room, Missing]))
const text = Type.String({ maxLength: 2048 })

/** A participant in a room. */
export const RoomMember = Type.Object({ id: Type.String(), nickname: Type.String() })

/** An open room and the number of its participants. */
export const OpenRoom = Type.Object({ name: Type.String(), size: Type.Integer() })

const relayed = {
  phase: 'awaits_session',
  positional: ['payload', 'room', 'to'],
  payload: Type.Object({ payload: Type.Unknown(), room: inRoom, to: To }),
  refusals: { '/room': 'bad_name', '/to': 'invalid_receiver' },
} as const

/** Chat and calls in rooms that anyone may open (docs/dialects.md#rooms). */
export const rooms = {
  ...session,
  nickname: {
    phase: 'any',
    positional: ['name'],
    payload: Type.Object({ name: nickname }),
    refusals: { '/name': 'bad_name' },
  },
  rooms: { phase: 'any', reply: Type.Array(OpenRoom) },
  enter_room: {
    phase: 'switch_room',
    payload: Type.Union([room, Type.Object({ payload: room })]),
    reply: Type.Object({
      id: Type.String(),
      room: Type.String(),
      /** All members, the client itself included. */
      members: Type.Array(RoomMember),
      ticket: Type.String(),
      seq: Type.Integer(),
      iceServers: Type.Optional(IceServers),
      limits: Type.Optional(Limits),
    }),
    refusals: { '': 'bad_name', '/payload': 'bad_name' },
  },
  leave_room: { phase: 'needs_session' },
  new_message: {
    phase: 'awaits_session',
    positional: ['text', 'room'],
    payload: Type.Object({ text, room: inRoom }),
    refusals: { '/text': 'text_too_long', '/room': 'bad_name' },
  },
  direct_message: {
    phase: 'awaits_session',
    positional: ['to', 'text'],
    payload: Type.Object({ to: Type.String({ minLength: 1, maxLength: 256 }), text }),
    refusals: { '/to': 'invalid_receiver', '/text': 'text_too_long' },
  },
  offer: relayed,
  answer: relayed,
  ice: relayed,
} as const satisfies RequestDefinitions
