import { SignalError } from '../errors.ts'
import { roomIdOf } from '../model.ts'
import type { Store } from '../ports/store.ts'
import type { Keyring } from './keyring.ts'
import { readTicket } from './tickets.ts'
import type { ReadToken } from './token-reader.ts'

export type CredentialOwnerDeps = {
  keys: Keyring
  store: Store
  readToken: ReadToken
  dialectNames: readonly string[]
}

/**
 * The user of a login token or reconnection ticket; undefined if it is not valid. A ticket is valid only while its
 * participant is in the room. A login token is not used up.
 * @throws unavailable
 */
export function credentialOwner({ keys, store, readToken, dialectNames }: CredentialOwnerDeps) {
  const ofTicket = async (dialect: string, text: string) => {
    const { roomName, participantId } = readTicket(keys, dialect, text, store.clock.now())
    return (await store.roster.member(roomIdOf(dialect, roomName), participantId))?.user
  }
  return async (text: string): Promise<string | undefined> => {
    const readers = [
      ...dialectNames.map((dialect) => () => ofTicket(dialect, text)),
      async () => (await readToken(text)).user,
    ]
    for (const read of readers) {
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
