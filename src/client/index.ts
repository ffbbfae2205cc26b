export { BackOff } from './back-off.ts'
export type { Clock } from './clock.ts'
export { type ClientErrorCode, SignalboxError, type SignalboxErrorCode } from './errors.ts'
export { Exchanger, type ExchangerNotifications, type JoinedStream, type StreamUser } from './exchanger.ts'
export { iceLifetimeMs } from './ice-credentials.ts'
export type { Connector, Link, LinkAnswer, LinkListener, LinkTarget } from './link.ts'
export { type ChannelSend, type IceSource, MeshChannel, type Signal } from './mesh/channel.ts'
export { Mesh, type MeshEvents, type MeshOptions } from './mesh/mesh.ts'
export type * from './mesh/rtc.ts'
export type { Network } from './network.ts'
export type { Notification } from './notification.ts'
export type { BackOffOptions, ResumeOptions, SessionOptions } from './options.ts'
export { type OwtEvent, OwtSignaling } from './owt-signaling.ts'
export { Portal } from './portal.ts'
export type * from './portal-notifications.ts'
export type { Limits } from './rate-limiter.ts'
export { type EnteredRoom, type OpenRoom, type RoomMember, Rooms, type RoomsNotifications } from './rooms.ts'
export type { ConnectionInfo, Reconnected, Resync, SessionEvents } from './session-events.ts'
export {
  type SessionState,
  type StateTrigger,
  sessionStates,
  stateTriggers,
  transitions,
} from './session-state.ts'
export type { TokenSource } from './token-source.ts'
