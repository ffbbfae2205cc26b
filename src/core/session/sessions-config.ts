import type { Keyring } from '../auth/keyring.ts'
import type { ParticipantRef, SessionRef } from '../ports/session-store.ts'
import type { DepartureEvents } from './departures.ts'

export type SessionsConfig = {
  node: string
  keys: Keyring
  /** The names of all dialects: a ticket of another one is refused as such. */
  dialectNames: readonly string[]
  /** How long a login token of this cluster is valid, s. */
  tokenTtl: number
  /** How long a ticket is valid, s. */
  ticketTtl: number
  /** How long a disconnected participant can resume, s; 0: not at all. */
  window: number
  /** How many rooms may be open; 0: no limit. */
  maxRooms: number
  /** How many participants any room may have; 0: no limit. */
  maxParticipants: number
}

export type SessionsEvents = DepartureEvents & {
  /** Work in the background failed; it is retried if need be. */
  failed?: (error: unknown) => void
  /** The store answers every attempt for a participant with an error: the node stops trying. */
  givenUp?: (participant: ParticipantRef, error: unknown) => void
  /** A participant has resumed, and the log had trimmed entries that it missed. */
  incomplete?: () => void
  /** A session has a new owner. `isClosed`: the old connection is closed, or known to be lost. */
  takenOver?: (previous: SessionRef, isClosed: boolean) => void
}
