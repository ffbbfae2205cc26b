import { Type } from 'typebox'
import { maxNameCharacters } from '../core/names.ts'
import type { RequestDefinitions } from './dialect.ts'
import { Name, To } from './names.ts'
import { IceServers, Limits, session } from './session.ts'

const channelName = Name(maxNameCharacters)
const named = { '/channelName': 'bad_name' } as const
const directed = { ...named, '/to': 'invalid_receiver' } as const

/** A participant in a channel. `user`: what it sent as `user` when it joined; null if nothing. */
export const ChannelUser = Type.Object({ id: Type.String(), user: Type.Unknown() })

/** The WebRTC signal exchanger (docs/dialects.md#exchanger): session descriptors and candidates between those in a channel. */
export const exchanger = {
  ...session,
  joinStream: {
    phase: 'switch_room',
    payload: Type.Object({ channelName, user: Type.Optional(Type.Unknown()) }),
    reply: Type.Object({
      id: Type.String(),
      /** The other members. */
      users: Type.Array(ChannelUser),
      ticket: Type.String(),
      seq: Type.Integer(),
      iceServers: Type.Optional(IceServers),
      limits: Type.Optional(Limits),
    }),
    refusals: named,
  },
  offer: {
    phase: 'awaits_session',
    payload: Type.Object({ channelName, sessionDescriptor: Type.Unknown(), to: To }),
    refusals: directed,
  },
  answer: {
    phase: 'awaits_session',
    payload: Type.Object({ channelName, sessionDescriptor: Type.Unknown(), to: To }),
    refusals: directed,
  },
  candidate: {
    phase: 'awaits_session',
    // a null candidate ends the candidates
    payload: Type.Object({ channelName, candidate: Type.Unknown(), to: To }),
    refusals: directed,
  },
  leaveStream: {
    phase: 'needs_session',
    payload: Type.Object({ channelName, user: Type.Optional(Type.Unknown()) }),
    refusals: named,
  },
} as const satisfies RequestDefinitions
