import type { Deadline } from '../deadline.ts'
import type { Write } from '../ports/session-store.ts'
import type { Session } from './session.ts'

/** A request as the rules see it: who asks, until when it may be served, and the client's number for it. */
export type RequestContext = { session: Session; deadline?: Deadline | undefined; rid?: number }

/** The write of a request; `reply` is what its ack will say, should the request come again. */
export function writeOf({ session, rid, deadline }: RequestContext, reply?: unknown): Write {
  return { ...session.write(rid === undefined ? undefined : { rid, reply }), deadline }
}
