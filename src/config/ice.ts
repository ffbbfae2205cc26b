import { Value } from 'typebox/value'
import type { IceServerEntry } from '../core/auth/turn-credentials.ts'
import { IceServers } from '../protocol/session.ts'
import { quoted } from './masked.ts'
import { items, type Read } from './option.ts'

const host = String.raw`(?:\[[0-9a-f:.]+\]|[0-9a-z_](?:[0-9a-z._-]*[0-9a-z_.])?)`
const stunUrl = new RegExp(`^stuns?:${host}(?::(\\d{1,5}))?$`, 'i')
const turnUrl = new RegExp(`^turns?:${host}(?::(\\d{1,5}))?(?:\\?transport=(?:udp|tcp))?$`, 'i')

/** RTCIceServer[], as an RTCPeerConnection takes it (WebRTC 4.2.2, RFC 7064, RFC 7065). */
export const iceServers: Read<IceServerEntry[]> = (value, complain) => {
  const servers = parseJson(value)
  if (!Value.Check(IceServers, servers)) {
    complain("'****' is not a JSON list of { urls, username?, credential? }")
    return undefined
  }
  for (const { urls, username, credential } of servers) {
    const all = [urls].flat()
    if (all.length === 0) complain('a server has no urls')
    for (const url of all) {
      const isTurn = /^turns?:/i.test(url)
      if (!isIceUrl(url)) complain(`${quoted(url)} is not a URL that browsers accept: ${expectedIceUrl}`)
      else if (isTurn && !(username && credential)) complain(`${quoted(url)} needs username and credential`)
    }
  }
  return servers
}

export const turnUrls: Read<string[]> = (value, complain) => {
  const urls = items(value, complain)
  for (const url of urls) {
    if (!/^turns?:/i.test(url) || !isIceUrl(url)) complain(`${quoted(url)} is not a TURN server: ${expectedTurnUrl}`)
  }
  return urls
}

const expectedTurnUrl = 'expected turn: or turns:, a host, and perhaps :port and ?transport=udp or ?transport=tcp'
const expectedIceUrl = 'expected stun:host, stun:host:port, turn:host, turn:host:port, or turn:host:port?transport=tcp'

function isIceUrl(url: string): boolean {
  const found = turnUrl.exec(url) ?? stunUrl.exec(url)
  if (!found) return false
  const port = Number(found[1] ?? 1)
  return port >= 1 && port <= 65_535
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
