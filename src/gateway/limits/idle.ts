import type { RefusalLog } from '../../observability/refusal-log.ts'
import type { Connection } from '../connection.ts'

/** How long a client may stay without a login, ms; as in OWT (docs/owt.md#timers). */
const idleMs = 180_000
/** How long a restricted client may take to resume, ms: as long as its early requests wait for the relogin. */
const resumeMs = 10_000
/** When to check again if a login or relogin is being answered, ms. */
const retryMs = 1000

/** Closes a connection whose client does not log in within the time, or may only resume and does not. Returns a function that stops it. */
export function closeWhenIdle(connection: Connection, refusals: RefusalLog): () => void {
  let timer: NodeJS.Timeout
  const wait = (ms: number) => {
    timer = setTimeout(check, ms).unref()
  }
  const check = () => {
    const { dialect, restriction, state } = connection
    if (restriction && state === 'connecting') wait(retryMs)
    else if (restriction) closeRestricted(connection, refusals)
    else if (!dialect.allowsIdle && state === 'initialized') {
      refusals.note('idle', { dialect: dialect.name, address: connection.address }, 'connection closed')
      connection.close()
    }
  }
  wait(connection.restriction ? resumeMs : idleMs)
  return () => clearTimeout(timer)
}

function closeRestricted(connection: Connection, refusals: RefusalLog): void {
  const { dialect, restriction, address, socket } = connection
  if (!restriction) return
  const { code, detail } = restriction
  refusals.note(code, { code, dialect: dialect.name, address }, 'connection closed: no relogin in time')
  socket.emit('refused', { code, message: dialect.messages[code](detail) })
  // the node could not check the token; client libraries reconnect by themselves after a cut, but not after a disconnect
  if (code === 'unavailable') connection.cut()
  else connection.close()
}
