import type { IceServerEntry } from '../../core/auth/turn-credentials.ts'

/** Fresh for a user. */
export type IceServers = (user: string) => IceServerEntry[]

/** Acks have them where there are any; OWT's SDKs pass over what they do not know. */
export function iceOf(iceServers: IceServerEntry[]): { iceServers?: IceServerEntry[] } {
  return iceServers.length > 0 ? { iceServers } : {}
}
