import type { SignalboxError } from './errors.ts'
import type { IceServer } from './mesh/rtc.ts'
import type { Notification } from './notification.ts'
import type { SessionState } from './session-state.ts'

/** A connection: the `url` of the option, and its id, which begins with the name of its node. */
export type ConnectionInfo = { url: string; id: string }

/** `ms`: from the loss of the connection, or from the start of the move if it was `planned`, until the session was resumed. */
export type Reconnected = { from: ConnectionInfo | undefined; to: ConnectionInfo; ms: number; planned: boolean }

/** Missed notifications were already trimmed from the log. `room` is a snapshot of the room as of `seq`, in the format of the dialect. */
export type Resync = { room: unknown; seq: number }

export type SessionEvents = {
  state: [state: SessionState, before: SessionState]
  notification: [notification: Notification]
  reconnected: [how: Reconnected]
  resync: [resync: Resync]
  /** New TURN credentials, from a renewal or a relogin. A Mesh sets them on its connections itself. */
  iceServers: [servers: IceServer[]]
  /** A connection without a session is open, as in a lobby. */
  open: []
  /** The session of the page before cannot be resumed, for this reason; the login begins a new one. */
  resumeFailed: [reason: SignalboxError]
  /** The connection is lost, with or without a session on it. The client opens another one. */
  lost: []
  /** The node drains and closes this connection within so many ms. The session moves to another node before. */
  draining: [withinMs: number]
  /** An attempt to connect, to log in or to resume failed, for this reason. The next attempt follows. */
  retrying: [reason: SignalboxError]
  /** The session has ended. The code of the reason is `closed` if this program ended it. */
  closed: [reason: SignalboxError]
}
