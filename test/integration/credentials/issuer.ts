import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { newId } from '../../../src/core/ids.ts'
import { afterEvery } from '../../support/cleanup.ts'
import { type TokenClaims, testSecret } from '../../support/node.ts'

/** An identity provider with one key. A test can replace the key, and stop or hang the provider. */
export type Issuer = {
  url: string
  sign: (claims: TokenClaims) => Promise<string>
  /** Publishes another key, under another `kid`, instead of the present one. */
  replaceKey: () => Promise<void>
  /** The provider answers no further request. */
  hang: () => void
  close: () => Promise<void>
}

const running = new Set<Issuer>()
afterEvery('file', async () => {
  await Promise.all([...running].map((issuer) => issuer.close()))
  running.clear()
})

export async function startIssuer(): Promise<Issuer> {
  let key = await newKey()
  let hangs = false
  const unanswered: ServerResponse[] = []
  const server = createServer((_request, response) => {
    if (hangs) unanswered.push(response)
    else response.end(JSON.stringify({ keys: [key.jwk] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  const issuer: Issuer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    sign: (claims) => claimsOf(claims).setProtectedHeader({ alg: 'ES256', kid: key.kid }).sign(key.privateKey),
    replaceKey: async () => {
      key = await newKey()
    },
    hang: () => {
      hangs = true
    },
    close,
  }
  running.add(issuer)
  return issuer
}

/** A JWT as a backend signs it with a key of `SIGNALBOX_SECRET`. */
export function jwtFor(claims: TokenClaims, secret = testSecret, seconds = 60): Promise<string> {
  return claimsOf(claims, seconds).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret))
}

function claimsOf({ room, user = 'someone', role = 'presenter' }: TokenClaims, seconds = 60): SignJWT {
  const exp = Math.floor(Date.now() / 1000) + seconds
  return new SignJWT({ room, sub: user, role, exp, jti: newId() })
}

async function newKey() {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const kid = newId()
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), alg: 'ES256', kid } }
}
