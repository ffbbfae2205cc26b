import type { Refusals } from '../../refusals.ts'
import type { Connection } from '../connection.ts'

/** A client that never logs in is let go after this long, as OWT does (facts/owt.md 1.2). */
const idleMs = 180_000
/** As long as the requests that a client sends before its relogin wait for it. */
const resumeMs = 10_000
const retryMs = 1000

/** Closes a connection whose client does not log in in time, or does not resume although it may do nothing else. */
export function closeWhenIdle(connection: Connection, refusals: Refusals): () => void {
  let timer: NodeJS.Timeout
  const wait = (ms: number) => {
    timer = setTimeout(look, ms).unref()
  }
  const look = () => {
    const { dialect, restriction, state } = connection
    if (restriction && state === 'connecting') wait(retryMs)
    else if (restriction) closeRestricted(connection, refusals)
    else if (!dialect.lobby && state === 'initialized') {
      refusals.note('idle', { dialect: dialect.name, address: connection.address }, 'connection closed')
      connection.close()
    }
  }
  wait(connection.restriction ? resumeMs : idleMs)
  return () => clearTimeout(timer)
}

function closeRestricted(connection: Connection, refusals: Refusals): void {
  const { dialect, restriction, address, socket } = connection
  if (!restriction) return
  const { code, detail } = restriction
  refusals.note(code, { code, dialect: dialect.name, address }, 'connection closed: no relogin in time')
  socket.emit('refused', { code, message: dialect.words[code](detail) })
  // the token could not be checked: the client should connect again by itself, which it does not after a disconnect
  if (code === 'unavailable') connection.cut()
  else connection.close()
}
