import { Value } from 'typebox/value'
import type { IceServer } from '../core/ice.ts'
import { IceServers } from '../protocol/session.ts'
import { list, type Options } from './options.ts'

export type IceConfig = { servers: IceServer[]; turn?: { urls: string[]; secret: string; ttl: number } }

export function readIce(options: Options, production: boolean, mistakes: string[]): IceConfig {
  const { ICE_SERVERS, TURN_URLS, TURN_SECRET = '', TURN_TTL } = options
  const servers = ICE_SERVERS === undefined ? undefined : parseJson(ICE_SERVERS)
  const good = servers === undefined || Value.Check(IceServers, servers)
  if (ICE_SERVERS !== undefined && (servers === undefined || !good)) {
    mistakes.push('ICE_SERVERS: expected a JSON list of { urls, username?, credential? }')
  }
  const urls = list(TURN_URLS)
  if (urls.some((url) => !/^turns?:[^/]/.test(url))) mistakes.push('TURN_URLS: expected turn: or turns: and a host')
  if (urls.length > 0 && TURN_SECRET === '') mistakes.push('TURN_SECRET: required with TURN_URLS')
  const fallback = production ? [] : [{ urls: 'stun:stun.l.google.com:19302' }]
  return {
    servers: servers !== undefined && good ? servers : fallback,
    ...(urls.length > 0 ? { turn: { urls, secret: TURN_SECRET, ttl: TURN_TTL } } : {}),
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
