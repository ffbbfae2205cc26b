import { Type } from 'typebox'
import type { RequestDefinitions } from './dialect.ts'
import { Missing } from './names.ts'
import { session } from './session.ts'

/** A user's id: any text that can be written as a URI. */
const UserId = Type.String({ maxLength: 256, pattern: '^[^\\p{Cs}]*$' })
/** A login token, or a user id in an anonymous dialect. Tokens are longer than ids. */
const Token = Type.String({ maxLength: 8192, pattern: '^[^\\p{Cs}]*$' })

/** OWT's P2P server (docs/owt.md#p2p). src/dialects/p2p/acks.ts has the format of its acks. */
export const p2p = {
  ...session,
  authentication: {
    phase: 'login',
    payload: Type.Union([
      Type.Object({ token: Type.Optional(Type.Union([Token, Missing])) }),
      Missing,
      Type.Undefined(),
    ]),
    reply: Type.Object({ uid: Type.String() }),
  },
  'owt-message': {
    phase: 'awaits_session',
    impatient: true,
    payload: Type.Object({ to: UserId, data: Type.Optional(Type.Unknown()) }),
    refusals: { '/to': 'invalid_receiver' },
  },
} as const satisfies RequestDefinitions

/** Error numbers of OWT's P2P SDK. */
export const p2pErrors = {
  busy: 2102,
  unavailable: 2101,
  notAuthenticated: 2120,
  refused: 2121,
  unreachable: 2201,
  unknown: 2400,
  illegalArgument: 2402,
} as const
