import type { SignalboxError } from './errors.ts'
import type { IceServer } from './mesh/rtc.ts'
import type { Notification } from './notification.ts'
import type { SessionState } from './session-state.ts'

/** Where a connection was and is; `id` is the connection's, which names its node. */
export type ConnectionInfo = { url: string; id: string }

/** `ms`: from the loss, or from the decision to move when it was `planned`, until the session was back. */
export type Reconnected = { from: ConnectionInfo | undefined; to: ConnectionInfo; ms: number; planned: boolean }

/** The log no longer reached back: `room` is the room as it stands, in the dialect's words, as of `seq`. */
export type Resync = { room: unknown; seq: number }

export type SessionEvents = {
  state: [state: SessionState, before: SessionState]
  notification: [notification: Notification]
  reconnected: [how: Reconnected]
  resync: [resync: Resync]
  /** New credentials for TURN, from a renewal or a relogin. A Mesh gives them to its connections by itself. */
  iceServers: [servers: IceServer[]]
  /** A connection without a session is up, as in a lobby. */
  open: []
  /** The session of the page before cannot be had back, for this reason; the login begins a new one. */
  resumeFailed: [reason: SignalboxError]
  /** The connection is gone, with or without a session on it; another is looked for. */
  lost: []
  /** This connection will be cut within so many ms; the session moves before that by itself. */
  draining: [withinMs: number]
  /** A try to connect, to log in or to resume failed, for this reason. The next try follows. */
  retrying: [reason: SignalboxError]
  /** The session is over; its code is `closed` when this program ended it. */
  closed: [reason: SignalboxError]
}
