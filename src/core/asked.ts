import type { Write } from './ports/places.ts'
import type { Session } from './session.ts'

/** A request as the rules see it: who asks, when it was accepted (ms), and the client's number for it, if any. */
export type Asked = { session: Session; at: number; rid?: number }

/** The write of a request; `reply` is what its ack will say, should the request come again. */
export function writeOf({ session, rid }: Asked, reply?: unknown): Write {
  return session.write(rid === undefined ? undefined : { rid, reply })
}
