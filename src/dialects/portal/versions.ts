import { type Member, type RoomId, type RoomOptions, type Roster, roomName, type Stream } from '../../core/model.ts'
import type { LoggedIn } from '../../core/session/login.ts'
import { streamInfo, streamInfoV10, streamInfoV11 } from '../../protocol/portal-stream.ts'

/** `legacy`: the protocol is absent from the login. */
export type PortalVersion = 'legacy' | '1.0' | '1.1' | '1.2'

/** How a version of the portal's protocol writes what the others write differently. */
export type PortalWriting = {
  stream: (stream: Stream) => object
  /** A room as login and an incomplete relogin tell it. */
  room: (room: RoomId, roster: Roster, options: RoomOptions) => object
  joinResult: (entered: LoggedIn) => object
}

function v1(stream: (stream: Stream) => object): PortalWriting {
  const room = (id: RoomId, { members, streams }: Roster, { views }: RoomOptions) => ({
    id: roomName(id),
    views,
    participants: members.map(participantInfo),
    streams: streams.map(stream),
  })
  return {
    stream,
    room,
    joinResult: ({ session: { member, room: id }, roster, options, ticket, seq }) => ({
      ...participantInfo(member),
      permission: member.permission,
      room: room(id, roster, options),
      reconnectionTicket: ticket,
      seq,
    }),
  }
}

export function participantInfo({ id, user, role }: Member) {
  return { id, user, role }
}

/** The legacy protocol's words for the same; a stream is listed by who sends what. */
const legacy: PortalWriting = {
  stream: ({ id, owner, tracks, attributes }) => ({
    id,
    audio: tracks.some(({ type }) => type === 'audio'),
    video: tracks.some(({ type }) => type === 'video') && { device: 'camera' },
    from: owner,
    socket: '',
    ...(attributes ? { attributes } : {}),
  }),
  room: (room, { members, streams }) => ({
    id: roomName(room),
    users: members.map(legacyUser),
    streams: streams.map(legacyStream),
  }),
  joinResult: ({ session: { id, room }, roster, options, ticket, seq }) => ({
    ...legacy.room(room, roster, options),
    clientId: id,
    reconnectionTicket: ticket,
    seq,
  }),
}

const legacyStream = (stream: Stream) => legacy.stream(stream)

export function legacyUser({ id, user, role }: Member) {
  return { id, name: user, role }
}

export const portalVersions: { [version in PortalVersion]: PortalWriting } = {
  legacy,
  '1.0': v1(streamInfoV10),
  '1.1': v1(streamInfoV11),
  '1.2': v1(streamInfo),
}

export function isPortalVersion(text: unknown): text is PortalVersion {
  return typeof text === 'string' && Object.hasOwn(portalVersions, text)
}

/** Of a participant; one who came before versions were kept speaks the newest. */
export function versionOf({ profile: { protocol } }: Member): PortalVersion {
  return isPortalVersion(protocol) ? protocol : '1.2'
}
