import { SignalError } from '../errors.ts'
import { roomIdOf } from '../model.ts'
import type { State } from '../ports/state.ts'
import type { Keyring } from './keyring.ts'
import { dialects, readTicket } from './tickets.ts'
import type { ReadToken } from './token-reader.ts'

/**
 * Whose login token or reconnection ticket it is, without using it up; undefined: nobody's. A ticket is good only as long
 * as its participant is in the room.
 * @throws unavailable
 */
export function bearerOf(keys: Keyring, state: State, readToken: ReadToken) {
  const ofTicket = async (dialect: string, text: string) => {
    const { roomId, participantId } = readTicket(keys, dialect, text, state.clock.now())
    return (await state.oversight.member(roomIdOf(dialect, roomId), participantId))?.user
  }
  return async (text: string): Promise<string | undefined> => {
    const readings = [
      ...dialects.map((dialect) => () => ofTicket(dialect, text)),
      async () => (await readToken(text)).user,
    ]
    for (const read of readings) {
      try {
        const user = await read()
        if (user !== undefined) return user
      } catch (error) {
        if (!(error instanceof SignalError) || error.code === 'unavailable') throw error
      }
    }
    return undefined
  }
}
