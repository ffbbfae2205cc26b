import { type Static, Type } from 'typebox'
import { maxNameCharacters } from '../core/names.ts'
import { Name, RoleName } from './names.ts'

/** The management API on HTTP: OWT's REST API (docs/owt.md#management-api), and additions to it (docs/management.md). */

const closed = { additionalProperties: false } as const

/** The codes of `{ error: { code, message } }`, those of OWT. */
export const apiCodes = {
  notFound: 1001,
  room: 1003,
  stream: 1004,
  participant: 1005,
  unauthenticated: 1101,
  forbidden: 1102,
  badRequest: 1201,
  internal: 2001,
} as const

export const ErrorBody = Type.Object(
  { error: Type.Object({ code: Type.Integer({ description: 'one of OWT’s' }), message: Type.String() }) },
  { title: 'Error' },
)

const Media = Type.Object({ audio: Type.Boolean(), video: Type.Boolean() })
const Permission = Type.Object({ publish: Media, subscribe: Media })
const Limit = Type.Integer({ minimum: -1, maximum: 1_000_000, description: '-1: none' })

/** OWT's label for a view that has none. */
export const defaultViewLabel = 'common'
const ViewLabel = Type.String({ minLength: 1, maxLength: 64 })

/**
 * The fields that signaling uses. The API stores OWT's other fields and returns them. As in OWT, it ignores unknown fields, here and in
 * the bodies of all its requests.
 */
const roomFields = {
  name: Type.Optional(Name(maxNameCharacters)),
  participantLimit: Type.Optional(Limit),
  inputLimit: Type.Optional(Limit),
  roles: Type.Optional(
    Type.Array(Type.Object({ role: RoleName, publish: Media, subscribe: Media }), {
      maxItems: 64,
    }),
  ),
  views: Type.Optional(
    Type.Array(Type.Object({ label: Type.Optional(ViewLabel) }, { additionalProperties: true }), { maxItems: 64 }),
  ),
  notifying: Type.Optional(
    Type.Object({ participantActivities: Type.Optional(Type.Boolean()), streamChange: Type.Optional(Type.Boolean()) }),
  ),
  mediaIn: Type.Optional(Type.Unknown({ description: 'stored for OWT’s clients, and not used' })),
  mediaOut: Type.Optional(Type.Unknown({ description: 'as mediaIn' })),
  transcoding: Type.Optional(Type.Unknown({ description: 'as mediaIn' })),
  selectActiveAudio: Type.Optional(Type.Unknown({ description: 'as mediaIn' })),
  enableBandwidthAdaptation: Type.Optional(Type.Unknown({ description: 'as mediaIn' })),
  sip: Type.Optional(Type.Unknown({ description: 'as mediaIn' })),
}

const RoomName = Type.String({
  maxLength: 256,
  pattern: '^[0-9a-zA-Z_-]{1,256}$',
  description: 'the room in tokens',
})

/** Some settings of a room. `_id`, `id` and `participants` are permitted, because a room in an answer has them. */
export const RoomChanges = Type.Object({
  ...roomFields,
  _id: Type.Optional(Type.Unknown()),
  id: Type.Optional(Type.Unknown()),
  participants: Type.Optional(Type.Unknown()),
})
export type RoomChanges = Static<typeof RoomChanges>

export const NewRoom = Type.Object({
  name: Name(maxNameCharacters),
  _id: Type.Optional(RoomName),
  options: Type.Optional(
    Type.Union([Type.Object({ ...roomFields, _id: Type.Optional(RoomName) }), Type.Null()], {
      description: 'null: none',
    }),
  ),
})

export const RoomBody = Type.Object(
  {
    _id: Type.String({
      description: 'the room in tokens; `dialect:name` for a room of another dialect than portal',
    }),
    id: Type.String(),
    name: Type.String(),
    participantLimit: Limit,
    inputLimit: Limit,
    roles: Type.Array(Type.Object({ role: Type.String(), publish: Media, subscribe: Media })),
    views: Type.Array(Type.Object({ label: Type.String() }, { additionalProperties: true })),
    notifying: Type.Object({ participantActivities: Type.Boolean(), streamChange: Type.Boolean() }),
    participants: Type.Integer({ description: 'the number of participants' }),
  },
  { title: 'Room', additionalProperties: true },
)
export type RoomBody = Static<typeof RoomBody>

/** JSON Patch (RFC 6902), which requires that unknown members of an operation are ignored. */
export const PatchOperation = Type.Object({
  op: Type.Enum(['add', 'remove', 'replace', 'move', 'copy', 'test']),
  path: Type.String({ maxLength: 1024 }),
  from: Type.Optional(Type.String({ maxLength: 1024 })),
  value: Type.Optional(Type.Unknown()),
})
export type PatchOperation = Static<typeof PatchOperation>

export const RoomPatch = Type.Union([Type.Array(PatchOperation, { minItems: 1, maxItems: 64 }), RoomChanges])

export const TokenRequest = Type.Object({
  user: Name(maxNameCharacters),
  role: RoleName,
  preference: Type.Optional(Type.Unknown({ description: 'OWT’s {isp, region}; any node serves any room here' })),
  domain: Type.Optional(Type.Unknown()),
})

export const ParticipantBody = Type.Object(
  { id: Type.String(), user: Type.String(), role: Type.String(), permission: Permission },
  { title: 'Participant' },
)

const replace = Type.Enum(['replace'])
export const ParticipantPatch = Type.Array(
  Type.Union([
    Type.Object({ op: replace, path: Type.Enum(['/permission/publish', '/permission/subscribe']), value: Media }),
    Type.Object({
      op: replace,
      path: Type.Enum([
        '/permission/publish/audio',
        '/permission/publish/video',
        '/permission/subscribe/audio',
        '/permission/subscribe/video',
      ]),
      value: Type.Boolean(),
    }),
  ]),
  { minItems: 1, maxItems: 64 },
)
export type ParticipantPatch = Static<typeof ParticipantPatch>

export const StreamBody = Type.Object(
  { id: Type.String(), type: Type.String(), media: Type.Unknown(), data: Type.Unknown(), info: Type.Unknown() },
  { title: 'Stream' },
)
export type StreamBody = Static<typeof StreamBody>

/** Signalbox mixes no streams, so a stream has no views and no layout to change. */
export const StreamPatch = Type.Array(
  Type.Object({
    op: replace,
    path: Type.Enum(['/media/audio/status', '/media/video/status']),
    value: Type.Enum(['active', 'inactive']),
  }),
  { minItems: 1, maxItems: 64 },
)
export type StreamPatch = Static<typeof StreamPatch>

/** Socket.IO's reserved event names: emitting one throws (socket.io, RESERVED_EVENTS). */
const reserved = 'connect|connect_error|disconnect|disconnecting|newListener|removeListener'

export const RoomMessage = Type.Object(
  {
    event: Type.String({
      maxLength: 128,
      pattern: `^(?!(?:${reserved})$)[\\w.:/ -]{1,128}$`,
      description: 'the event that members receive',
    }),
    data: Type.Optional(Type.Unknown()),
    to: Type.Optional(
      Type.String({ minLength: 1, maxLength: 128, description: 'a participant’s id; absent: everyone' }),
    ),
  },
  closed,
)

export const Announcement = Type.Object({ text: Type.String({ minLength: 1, maxLength: 4096 }) }, closed)

export const NodeBody = Type.Object(
  { id: Type.String(), url: Type.String(), version: Type.String(), connections: Type.Integer() },
  { title: 'Node' },
)

const positiveInteger = (maximum: number) => Type.Optional(Type.Integer({ minimum: 1, maximum }))

/** `page` counts from 1. */
export const Paging = Type.Object({ page: positiveInteger(1_000_000), per_page: positiveInteger(1000) })
export type Paging = Static<typeof Paging>

/** The maximum number of rooms in an answer without `per_page`. */
export const defaultPageRooms = 1000
