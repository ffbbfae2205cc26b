import type { IceServerEntry } from '../../core/auth/turn-credentials.ts'

/** Makes new ICE servers, with TURN credentials for this user. */
export type IceServers = (user: string) => IceServerEntry[]

/** The field of an ack, if there are ICE servers. OWT's SDKs ignore unknown fields. */
export function iceOf(iceServers: IceServerEntry[]): { iceServers?: IceServerEntry[] } {
  return iceServers.length > 0 ? { iceServers } : {}
}
