import { Type } from 'typebox'

/** The media part of the portal's requests, as OWT's schemas have it (docs/owt.md#requests). */

const closed = { additionalProperties: false } as const
const Kind = Type.Enum(['audio', 'video'])
const Resolution = Type.Object({ width: Type.Number(), height: Type.Number() }, closed)
const Bitrate = Type.Union([Type.String(), Type.Number()])

const VideoParameters = Type.Object(
  {
    resolution: Type.Optional(Resolution),
    framerate: Type.Optional(Type.Number()),
    bitrate: Type.Optional(Bitrate),
    keyFrameInterval: Type.Optional(Type.Number()),
  },
  closed,
)

const AudioFormat = Type.Object(
  {
    codec: Type.Enum(['pcmu', 'pcma', 'opus', 'g722', 'iSAC', 'iLBC', 'aac', 'ac3', 'nellymoser']),
    sampleRate: Type.Optional(Type.Number()),
    channelNum: Type.Optional(Type.Number()),
  },
  closed,
)

const VideoFormat = Type.Object(
  {
    codec: Type.Enum(['h264', 'h265', 'vp8', 'vp9']),
    profile: Type.Optional(Type.Enum(['CB', 'B', 'M', 'E', 'H'])),
  },
  closed,
)

const Transport = Type.Object({ type: Type.Optional(Type.String()), id: Type.Optional(Type.String()) }, closed)
const Attributes = Type.Record(Type.String(), Type.Unknown())

/** `publish`, protocol 1.2. */
export const Publication = Type.Object(
  {
    media: Type.Union([
      Type.Object(
        {
          tracks: Type.Array(
            Type.Object({
              type: Kind,
              mid: Type.Optional(Type.String()),
              source: Type.Optional(Type.Enum(['mic', 'camera', 'screen-cast', 'raw-file', 'encoded-file'])),
            }),
            { maxItems: 64 },
          ),
        },
        closed,
      ),
      Type.Null(),
    ]),
    attributes: Type.Optional(Attributes),
    data: Type.Optional(Type.Boolean()),
    transport: Type.Optional(Transport),
  },
  closed,
)

/** `subscribe`, protocol 1.2. */
export const SubscriptionRequest = Type.Object(
  {
    media: Type.Union([
      Type.Object(
        {
          tracks: Type.Array(
            Type.Object({
              type: Kind,
              mid: Type.Optional(Type.String()),
              from: Type.Optional(Type.String()),
              format: Type.Optional(Type.Union([AudioFormat, VideoFormat])),
              parameters: Type.Optional(VideoParameters),
            }),
            { maxItems: 64 },
          ),
        },
        closed,
      ),
      Type.Null(),
    ]),
    transport: Type.Optional(Transport),
    data: Type.Optional(Type.Object({ from: Type.String() })),
  },
  closed,
)

/** `publish`, protocol 1.0 and 1.1: one audio and one video at most, `false` for none. */
export const PublicationV1 = Type.Object(
  {
    media: Type.Object(
      {
        audio: Type.Union([
          Type.Object({ source: Type.Enum(['mic', 'screen-cast', 'raw-file', 'encoded-file']) }, closed),
          Type.Literal(false),
        ]),
        video: Type.Union([
          Type.Object(
            {
              source: Type.Enum(['camera', 'screen-cast', 'raw-file', 'encoded-file']),
              parameters: Type.Optional(
                Type.Object({ resolution: Type.Optional(Resolution), framerate: Type.Optional(Type.Number()) }),
              ),
            },
            closed,
          ),
          Type.Literal(false),
        ]),
      },
      closed,
    ),
    attributes: Type.Optional(Attributes),
  },
  closed,
)

/** `subscribe`, protocol 1.0 and 1.1. */
export const SubscriptionRequestV1 = Type.Object(
  {
    media: Type.Object(
      {
        audio: Type.Union([
          Type.Object({ from: Type.String(), format: Type.Optional(AudioFormat) }, closed),
          Type.Literal(false),
        ]),
        video: Type.Union([
          Type.Object(
            {
              from: Type.String(),
              format: Type.Optional(VideoFormat),
              parameters: Type.Optional(VideoParameters),
              simulcastRid: Type.Optional(Type.String()),
            },
            closed,
          ),
          Type.Literal(false),
        ]),
      },
      closed,
    ),
  },
  closed,
)

/** `pause` and `play` of a stream or a subscription. */
const PauseOrPlay = Type.Object(
  { id: Type.String(), operation: Type.Enum(['pause', 'play']), data: Type.Enum(['audio', 'video', 'av']) },
  closed,
)

export const StreamControl = Type.Union([
  Type.Object({ id: Type.String(), operation: Type.Enum(['mix', 'unmix', 'get-region']), data: Type.String() }, closed),
  Type.Object(
    {
      id: Type.String(),
      operation: Type.Enum(['set-region']),
      data: Type.Object({ view: Type.String(), region: Type.String({ minLength: 1 }) }, closed),
    },
    closed,
  ),
  PauseOrPlay,
])

export const SubscriptionControl = Type.Union([
  Type.Object(
    {
      id: Type.String(),
      operation: Type.Enum(['update']),
      data: Type.Object(
        {
          audio: Type.Optional(Type.Object({ from: Type.String() }, closed)),
          video: Type.Optional(
            Type.Object({ from: Type.Optional(Type.String()), parameters: Type.Optional(VideoParameters) }, closed),
          ),
        },
        closed,
      ),
    },
    closed,
  ),
  PauseOrPlay,
])

export const MediaIdsReply = Type.Object({ id: Type.String(), transportId: Type.String() })
