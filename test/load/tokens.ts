import { readConfig } from '../../src/config/index.ts'
import { writeToken } from '../../src/core/auth/tokens.ts'

/** `signed` with SIGNALBOX_SECRET, `requested` from POST /tokens/, or `none`: the dialect needs no token. */
export type TokenSourceName = 'signed' | 'requested' | 'none'

/** Makes a login token for one user. */
export type Tokens = (claims: { room: string; user: string; role: string }) => Promise<string | undefined>

/** @param url the node or load balancer that issues the tokens. The tokens' function throws an Error when it issues none */
export function tokensOf(source: TokenSourceName, url: string, secret: string | undefined): Tokens {
  if (source === 'none') return async () => undefined
  if (source === 'requested') return (claims) => requestToken(url, claims)
  const { keys, tokenTtl } = readConfig({ SIGNALBOX_SECRET: secret })
  const { host, protocol } = new URL(url)
  const target = { host, secure: protocol === 'https:' }
  return async (claims) => writeToken(keys, claims, target, Date.now() + tokenTtl * 1000)
}

async function requestToken(url: string, claims: object): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}/tokens/`, { method: 'POST', headers, body: JSON.stringify(claims) })
  const text = await response.text()
  if (!response.ok) throw new Error(`${url} issued no token: HTTP ${response.status}`)
  return text
}
