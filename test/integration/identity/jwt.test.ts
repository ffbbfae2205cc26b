import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../../src/core/ids.ts'
import { type Client, connect, enter, loginInfo } from '../../support/client.ts'
import { newRoom, startCluster, startNode, type TestNode, testSecret } from '../../support/node.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const oldSecret = 'a key that is on its way out but still verifies'
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

describe('a JWT that a backend signed with our secret', () => {
  test('logs in as whom it names', async () => {
    const payload = claims({ role: 'viewer' })
    const client = await connect(a.url)
    const joined = await client.login({ room: '', token: await hs256(payload) })
    expect(joined).toMatchObject({ user: 'ann', role: 'viewer', room: { id: payload.room } })
  })

  test('with the secret that is being replaced, too', async () => {
    expect((await login(a, await hs256(claims(), oldSecret))).id).not.toBe('')
  })

  test('logs in once, on whichever node', async () => {
    const token = await hs256(claims())
    await (await login(a, token)).whenConfirmed()
    await refused(b, token, 'token_used')
  })

  test('without an id, once too', async () => {
    const token = await hs256(claims({ jti: undefined }))
    await (await login(a, token)).whenConfirmed()
    await refused(b, token, 'token_used')
    // the last character of a signature has bits that nobody reads
    const [head, body, signature = ''] = token.split('.')
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const last = alphabet.indexOf(signature.at(-1) ?? '')
    const twin = `${head}.${body}.${signature.slice(0, -1)}${alphabet[last ^ 1]}`
    const client = await connect(b.url)
    expect((await client.request('login', loginInfo({ room: '', token: twin }))).status).toBe('error')
  })

  test('is one with another of the same id', async () => {
    const payload = claims()
    await (await login(a, await hs256(payload))).whenConfirmed()
    await refused(b, await hs256({ ...payload, exp: soon() + 1 }), 'token_used')
  })
})

describe('a JWT is refused', () => {
  test.each([
    ['signed with another secret', () => hs256(claims(), 'a secret that nobody has told us about'), 'token_signature'],
    ['that is over', () => hs256(claims({ exp: soon() - 120 })), 'token_expired'],
    ['that is not good yet', () => hs256(claims({ nbf: soon() + 60 })), 'bad_token'],
    ['without an end', () => hs256(claims({ exp: undefined })), 'bad_token'],
    ['whose end is a text', () => hs256(claims({ exp: 'soon' })), 'bad_token'],
    ['that ends in another age', () => hs256(claims({ exp: 9e12 })), 'bad_token'],
    ['without a room', () => hs256(claims({ room: undefined })), 'bad_token'],
    ['with half a character for a room', () => hs256(claims({ room: '\ud800' })), 'bad_token'],
    ['with a room without end', () => hs256(claims({ room: 'x'.repeat(300) })), 'bad_token'],
    ['without a user', () => hs256(claims({ sub: undefined })), 'bad_token'],
    ['whose user is a number', () => hs256(claims({ sub: 5 })), 'bad_token'],
    ['without a role', () => hs256(claims({ role: '' })), 'bad_token'],
    ['whose id is a number', () => hs256(claims({ jti: 5 })), 'bad_token'],
    ['that nobody signed', async () => `${encoded({ alg: 'none' })}.${encoded(claims())}.`, 'token_signature'],
    ['with None', async () => `${encoded({ alg: 'None' })}.${encoded(claims())}.`, 'token_signature'],
    ['of no algorithm', async () => `${encoded({})}.${encoded(claims())}.x`, 'token_signature'],
    ['of an inherited one', async () => `${encoded({ alg: 'toString' })}.${encoded(claims())}.x`, 'token_signature'],
    [
      'of an algorithm that is a list',
      async () => `${encoded({ alg: ['HS256'] })}.${encoded(claims())}.x`,
      'token_signature',
    ],
    ['with a header that is none', async () => `x.${encoded(claims())}.x`, 'bad_token'],
    [
      'with public keys that we do not look for',
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

  test('whose payload was exchanged', async () => {
    const [head, , signature] = (await hs256(claims())).split('.')
    await refused(a, `${head}.${encoded(claims({ role: 'admin' }))}.${signature}`, 'token_signature')
  })
})

describe('with the public keys of another issuer', async () => {
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

  test.each(['RS256', 'ES256', 'EdDSA'] as const)('%s logs in, once', async (alg) => {
    const token = await signed(alg)
    await (await login(node, token)).whenConfirmed()
    await refused(node, token, 'token_used')
  })

  test('one for several, ours among them, is good', async () => {
    expect((await login(node, await signed('ES256', { aud: ['other', 'signalbox'] }))).id).not.toBe('')
  })

  test.each([
    ['for another audience', { aud: 'other' }],
    ['for nobody', { aud: undefined }],
    ['of another issuer', { iss: 'https://evil.example' }],
    ['of no issuer', { iss: undefined }],
  ])('one %s is refused', async (_name, changes) => {
    await refused(node, await signed('RS256', changes), 'bad_token')
  })

  test('a public key is no secret: HS256 signed with it is refused', async () => {
    const pem = await exportSPKI(made.RS256.publicKey)
    const payload = claims({ aud: 'signalbox', iss: 'https://id.example' })
    for (const secret of [pem, JSON.stringify(jwks[0])])
      await refused(node, await hs256(payload, secret), 'token_signature')
  })

  test('one of a key that is not there, or another’s, is refused', async () => {
    await refused(node, await signed('RS256', {}, 'unknown'), 'token_signature')
    await refused(node, await signed('RS256', {}, 'ES256'), 'token_signature')
    const stranger = await generateKeyPair('ES256')
    const forged = new SignJWT(claims({ aud: 'signalbox', iss: 'https://id.example' })).setProtectedHeader({
      alg: 'ES256',
      kid: 'ES256',
    })
    await refused(node, await forged.sign(stranger.privateKey), 'token_signature')
  })

  test('ours is still good', async () => {
    expect((await login(node, await hs256(claims({ aud: 'signalbox', iss: 'https://id.example' })))).id).not.toBe('')
  })
})

test('public keys that cannot be had are no reason to let anyone in, nor to say that the token is bad', async () => {
  const node = await startNode({ env: { JWKS_URL: 'http://127.0.0.1:1/' } })
  const { privateKey } = await generateKeyPair('ES256')
  const token = await new SignJWT(claims()).setProtectedHeader({ alg: 'ES256', kid: 'x' }).sign(privateKey)
  const client = await connect(node.url)
  const answer = await client.request('login', loginInfo({ room: '', token }))
  expect(answer).toMatchObject({ status: 'error', code: 'unavailable' })
  await client.closed // however: this one may come again
  await login(node, await hs256(claims()))
})
