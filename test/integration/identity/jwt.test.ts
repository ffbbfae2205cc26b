import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../../src/core/ids.ts'
import { type Client, connect, enter, loginInfo } from '../../support/client.ts'
import { newRoom, startCluster, startNode, type TestNode, testSecret } from '../../support/node.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const oldSecret = 'an old secret that still verifies'
const [a, b] = await startCluster(2, { env: { SIGNALBOX_SECRET: `${testSecret},${oldSecret}` } })
if (!a || !b) throw new Error('No nodes')

const soon = () => Math.floor(Date.now() / 1000) + 60

function claims(changes: { [claim: string]: unknown } = {}): JWTPayload {
  return { room: newRoom(), sub: 'ann', role: 'presenter', exp: soon(), jti: newId(), ...changes }
}

const hs256 = (payload: JWTPayload, secret = testSecret) =>
  new SignJWT(payload).setProtectedHeader({ alg: 'HS256' }).sign(bytes(secret))

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

async function refused(node: TestNode, token: string, code: string): Promise<void> {
  const client = await connect(node.url)
  expect(await client.request('login', loginInfo({ room: '', token }))).toMatchObject({ status: 'error', code })
  expect(await client.closed).toBe('io server disconnect')
}

async function login(node: TestNode, token: string): Promise<Client> {
  return enter(node.url, { room: '', token })
}

describe('a JWT that a backend signed with the nodes’ secret', () => {
  test('logs in as the user and role that it names', async () => {
    const payload = claims({ role: 'viewer' })
    const client = await connect(a.url)
    const joined = await client.login({ room: '', token: await hs256(payload) })
    expect(joined).toMatchObject({ user: 'ann', role: 'viewer', room: { id: payload.room } })
  })

  test('is valid with the old secret too', async () => {
    expect((await login(a, await hs256(claims(), oldSecret))).id).not.toBe('')
  })

  test('is valid for one login on all nodes', async () => {
    const token = await hs256(claims())
    await (await login(a, token)).whenConfirmed()
    await refused(b, token, 'token_used')
  })

  test('without jti is valid for one login too', async () => {
    const token = await hs256(claims({ jti: undefined }))
    await (await login(a, token)).whenConfirmed()
    await refused(b, token, 'token_used')
    // the last character of a signature has bits that are not part of it
    const [head, body, signature = ''] = token.split('.')
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const last = alphabet.indexOf(signature.at(-1) ?? '')
    const twin = `${head}.${body}.${signature.slice(0, -1)}${alphabet[last ^ 1]}`
    const client = await connect(b.url)
    expect((await client.request('login', loginInfo({ room: '', token: twin }))).status).toBe('error')
  })

  test('is invalid after another JWT with the same jti was used', async () => {
    const payload = claims()
    await (await login(a, await hs256(payload))).whenConfirmed()
    await refused(b, await hs256({ ...payload, exp: soon() + 1 }), 'token_used')
  })
})

describe('a JWT is refused', () => {
  test.each([
    [
      'that is signed with another secret',
      () => hs256(claims(), 'a secret that the nodes do not have'),
      'token_signature',
    ],
    ['that has expired', () => hs256(claims({ exp: soon() - 120 })), 'token_expired'],
    ['that is not valid yet', () => hs256(claims({ nbf: soon() + 60 })), 'bad_token'],
    ['without exp', () => hs256(claims({ exp: undefined })), 'bad_token'],
    ['whose exp is a string', () => hs256(claims({ exp: 'soon' })), 'bad_token'],
    ['that expires in the far future', () => hs256(claims({ exp: 9e12 })), 'bad_token'],
    ['without a room', () => hs256(claims({ room: undefined })), 'bad_token'],
    ['with a lone surrogate as room', () => hs256(claims({ room: '\ud800' })), 'bad_token'],
    ['with a room of 300 characters', () => hs256(claims({ room: 'x'.repeat(300) })), 'bad_token'],
    ['without a user', () => hs256(claims({ sub: undefined })), 'bad_token'],
    ['whose user is a number', () => hs256(claims({ sub: 5 })), 'bad_token'],
    ['without a role', () => hs256(claims({ role: '' })), 'bad_token'],
    ['whose id is a number', () => hs256(claims({ jti: 5 })), 'bad_token'],
    ['that is not signed', async () => `${encoded({ alg: 'none' })}.${encoded(claims())}.`, 'token_signature'],
    ['with the algorithm None', async () => `${encoded({ alg: 'None' })}.${encoded(claims())}.`, 'token_signature'],
    ['without an algorithm', async () => `${encoded({})}.${encoded(claims())}.x`, 'token_signature'],
    [
      'with the name of an inherited property as algorithm',
      async () => `${encoded({ alg: 'toString' })}.${encoded(claims())}.x`,
      'token_signature',
    ],
    [
      'with a list as algorithm',
      async () => `${encoded({ alg: ['HS256'] })}.${encoded(claims())}.x`,
      'token_signature',
    ],
    ['with a malformed header', async () => `x.${encoded(claims())}.x`, 'bad_token'],
    [
      'with an algorithm of public keys, when no JWKS_URL is set',
      async () => `${encoded({ alg: 'RS256' })}.${encoded(claims())}.x`,
      'token_signature',
    ],
  ])('%s', async (_name, token, code) => {
    await refused(a, await token(), code)
  })

  test.each(['HS384', 'HS512'])('with another algorithm of the same family, and the right secret: %s', async (alg) => {
    const token = await new SignJWT(claims()).setProtectedHeader({ alg }).sign(bytes(testSecret))
    await refused(a, token, 'token_signature')
  })

  test('whose payload was replaced', async () => {
    const [head, , signature] = (await hs256(claims())).split('.')
    await refused(a, `${head}.${encoded(claims({ role: 'admin' }))}.${signature}`, 'token_signature')
  })
})

describe('a JWT with a public key of another issuer', async () => {
  const made = {
    RS256: await generateKeyPair('RS256'),
    ES256: await generateKeyPair('ES256'),
    EdDSA: await generateKeyPair('EdDSA'),
  }
  const jwks = await Promise.all(
    Object.entries(made).map(async ([alg, { publicKey }]) => ({ ...(await exportJWK(publicKey)), alg, kid: alg })),
  )
  const issuer = createServer((_request, response) => response.end(JSON.stringify({ keys: jwks })))
  const env = { JWT_AUDIENCE: 'signalbox', JWT_ISSUER: 'https://id.example' }
  let node: TestNode
  beforeAll(async () => {
    await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve))
    const { port } = issuer.address() as AddressInfo
    node = await startNode({ env: { ...env, JWKS_URL: `http://127.0.0.1:${port}/` } })
  })
  afterAll(() => issuer.close())

  const signed = (alg: keyof typeof made, changes: { [claim: string]: unknown } = {}, kid: string = alg) =>
    new SignJWT(claims({ aud: 'signalbox', iss: 'https://id.example', ...changes }))
      .setProtectedHeader({ alg, kid })
      .sign(made[alg].privateKey)

  test.each(['RS256', 'ES256', 'EdDSA'] as const)('%s is valid for one login', async (alg) => {
    const token = await signed(alg)
    await (await login(node, token)).whenConfirmed()
    await refused(node, token, 'token_used')
  })

  test('for several audiences, with ours among them, is valid', async () => {
    expect((await login(node, await signed('ES256', { aud: ['other', 'signalbox'] }))).id).not.toBe('')
  })

  test.each([
    ['for another audience', { aud: 'other' }],
    ['for no audience', { aud: undefined }],
    ['from another issuer', { iss: 'https://evil.example' }],
    ['from no issuer', { iss: undefined }],
  ])('%s is refused', async (_name, changes) => {
    await refused(node, await signed('RS256', changes), 'bad_token')
  })

  test('that is signed by HS256 with the public key as secret is refused', async () => {
    const pem = await exportSPKI(made.RS256.publicKey)
    const payload = claims({ aud: 'signalbox', iss: 'https://id.example' })
    for (const secret of [pem, JSON.stringify(jwks[0])])
      await refused(node, await hs256(payload, secret), 'token_signature')
  })

  test('that is signed with an unknown or another key is refused', async () => {
    await refused(node, await signed('RS256', {}, 'unknown'), 'token_signature')
    await refused(node, await signed('RS256', {}, 'ES256'), 'token_signature')
    const stranger = await generateKeyPair('ES256')
    const forged = new SignJWT(claims({ aud: 'signalbox', iss: 'https://id.example' })).setProtectedHeader({
      alg: 'ES256',
      kid: 'ES256',
    })
    await refused(node, await forged.sign(stranger.privateKey), 'token_signature')
  })

  test('does not exclude one that is signed with the nodes’ secret', async () => {
    expect((await login(node, await hs256(claims({ aud: 'signalbox', iss: 'https://id.example' })))).id).not.toBe('')
  })
})

test('while the public keys cannot be fetched, a JWT that needs one is refused as unavailable', async () => {
  const node = await startNode({ env: { JWKS_URL: 'http://127.0.0.1:1/' } })
  const { privateKey } = await generateKeyPair('ES256')
  const token = await new SignJWT(claims()).setProtectedHeader({ alg: 'ES256', kid: 'x' }).sign(privateKey)
  const client = await connect(node.url)
  const answer = await client.request('login', loginInfo({ room: '', token }))
  expect(answer).toMatchObject({ status: 'error', code: 'unavailable' })
  await client.closed // the client may try again
  await login(node, await hs256(claims()))
})
