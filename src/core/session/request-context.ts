import type { Deadline } from '../deadline.ts'
import type { Write } from '../ports/session-store.ts'
import type { Session } from './session.ts'

/** A request: the session that sends it, the time by which it must be served, and the client's number for it. */
export type RequestContext = { session: Session; deadline?: Deadline | undefined; rid?: number }

/** The write of a request. `reply`: the ack that a repeat of the request gets. */
export function writeOf({ session, rid, deadline }: RequestContext, reply?: unknown): Write {
  return { ...session.nextWrite(rid === undefined ? undefined : { rid, reply }), deadline }
}
