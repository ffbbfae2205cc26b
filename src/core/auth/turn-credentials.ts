import { createHmac } from 'node:crypto'

/** As WebRTC's RTCIceServer. */
export type IceServerEntry = { urls: string | string[]; username?: string; credential?: string }

export type IceConfig = {
  /** Given to everyone as they are. */
  servers: IceServerEntry[]
  /** Credentials are made for these, good for `ttl` seconds. */
  turn?: { urls: string[]; secret: string; ttl: number }
}

/** How much of a user's name goes into a TURN username, which may have 513 bytes with all (RFC 5389 15.3). */
const maxUserCharacters = 128

/**
 * What a client needs to find its way to another: the servers of the configuration, and TURN with credentials that end
 * by themselves, as coturn's `use-auth-secret` checks them: username `expiry:user`, password base64 of its HMAC-SHA1.
 * @param now ms since the epoch, as the TURN server's clock should read
 */
export function iceServersFor({ servers, turn }: IceConfig, user: string, now: number): IceServerEntry[] {
  if (!turn) return servers
  const expiry = Math.floor(now / 1000) + turn.ttl
  const name = encodeURIComponent(user.replace(/\p{Surrogate}/gu, '')).slice(0, maxUserCharacters)
  const username = `${expiry}:${name}`
  const credential = createHmac('sha1', turn.secret).update(username).digest('base64')
  return [...servers, { urls: turn.urls, username, credential }]
}
