import { createHmac } from 'node:crypto'

/** As WebRTC's RTCIceServer. */
export type IceServerEntry = { urls: string | string[]; username?: string; credential?: string }

export type IceConfig = {
  /** Sent to all clients unchanged. */
  servers: IceServerEntry[]
  /** Servers that need credentials, which are valid for `ttl` seconds. */
  turn?: { urls: string[]; secret: string; ttl: number }
}

/** How much of a user's name goes into a TURN username, which has fewer than 513 bytes (RFC 5389 15.3). */
const maxUserCharacters = 128

/**
 * The ICE servers for a client: those of the configuration, and TURN servers with credentials that expire, as coturn's
 * `use-auth-secret` checks them: username `expiry:user`, password base64 of its HMAC-SHA1.
 * @param now ms since the epoch, on a clock that agrees with the TURN server's
 */
export function iceServersFor({ servers, turn }: IceConfig, user: string, now: number): IceServerEntry[] {
  if (!turn) return servers
  const expiry = Math.floor(now / 1000) + turn.ttl
  const name = encodeURIComponent(user.replace(/\p{Surrogate}/gu, '')).slice(0, maxUserCharacters)
  const username = `${expiry}:${name}`
  const credential = createHmac('sha1', turn.secret).update(username).digest('base64')
  return [...servers, { urls: turn.urls, username, credential }]
}
