import { SignalError } from '../errors.ts'
import type { SessionRef, SessionStore } from '../ports/session-store.ts'

/** Takes out a participant that does not reconnect. Resolves to false if it was gone, or if another owner has its place. */
export async function expel(sessionStore: SessionStore, { room, id, owner }: SessionRef): Promise<boolean> {
  try {
    return await sessionStore.leave(room, id, { owner })
  } catch (error) {
    if (error instanceof SignalError && error.code === 'moved') return false
    throw error
  }
}
