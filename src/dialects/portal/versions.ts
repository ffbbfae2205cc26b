import { type Member, type RoomId, type RoomOptions, type Roster, roomName, type Stream } from '../../core/model.ts'
import type { AcceptedLogin } from '../../core/session/login.ts'
import type { Reply } from '../../protocol/payload.ts'
import type { portal } from '../../protocol/portal.ts'
import { streamInfo, streamInfoV10, streamInfoV11 } from '../../protocol/portal-stream.ts'

/** `legacy`: a login without `protocol`. */
export type PortalVersion = 'legacy' | '1.0' | '1.1' | '1.2'

/** The formats that differ between versions of the portal's protocol. */
export type PortalFormat = {
  stream: (stream: Stream) => object
  /** The room in the acks of a login and of an incomplete relogin. */
  room: (room: RoomId, roster: Roster, options: RoomOptions) => object
  joinResult: (loggedIn: AcceptedLogin) => Reply<typeof portal.login>
}

/** The format of a version with a number: 1.0, 1.1 and 1.2 differ in their streams. */
function numbered(stream: (stream: Stream) => object): PortalFormat {
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

/** The legacy protocol. It lists a stream by its sender and by its kinds of media. */
const legacy: PortalFormat = {
  stream: ({ id, owner, tracks, attributes }) => ({
    id,
    audio: tracks.some(({ type }) => type === 'audio'),
    video: tracks.some(({ type }) => type === 'video') && { device: 'camera' },
    from: owner,
    socket: '',
    ...(attributes ? { attributes } : {}),
  }),
  room: legacyRoom,
  joinResult: ({ session: { id, room }, roster, ticket, seq }) => ({
    ...legacyRoom(room, roster),
    clientId: id,
    reconnectionTicket: ticket,
    seq,
  }),
}

function legacyRoom(room: RoomId, { members, streams }: Roster) {
  return { id: roomName(room), users: members.map(legacyUser), streams: streams.map(legacy.stream) }
}

export function legacyUser({ id, user, role }: Member) {
  return { id, name: user, role }
}

export const portalVersions: { [version in PortalVersion]: PortalFormat } = {
  legacy,
  '1.0': numbered(streamInfoV10),
  '1.1': numbered(streamInfoV11),
  '1.2': numbered(streamInfo),
}

export function isPortalVersion(text: unknown): text is PortalVersion {
  return typeof text === 'string' && Object.hasOwn(portalVersions, text)
}

/** The version of a participant; the newest if its profile has none. */
export function versionOf({ profile: { protocol } }: Member): PortalVersion {
  return isPortalVersion(protocol) ? protocol : '1.2'
}
