import { describe, expect, test } from 'vitest'
import { describeConfig } from '../../../src/config/describe.ts'
import { ConfigError, type Environment, readConfig } from '../../../src/config/index.ts'

const production: Environment = { NODE_ENV: 'production', SIGNALBOX_SECRET: 'a secret of thirty-two characters' }

function mistakesOf(environment: Environment): string[] {
  try {
    readConfig(environment)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes
    throw error
  }
}

test('by default there are no management keys, no JWT and no TURN', () => {
  const { managementKeys, mauthReplayCheck, jwt, ice } = readConfig({})
  expect({ managementKeys, mauthReplayCheck, jwt }).toEqual({ managementKeys: [], mauthReplayCheck: true, jwt: {} })
  expect(ice).toEqual({ servers: [{ urls: expect.stringMatching(/^stun:.*google/) }] })
  expect(readConfig(production).ice).toEqual({ servers: [] })
  expect(readConfig(production).managementKeys).toEqual([])
})

test('MANAGEMENT_KEYS may have several keys of one id, and keys may contain colons', () => {
  expect(readConfig({ MANAGEMENT_KEYS: 'a:one, b_2:two:with=more/in it,a:three' }).managementKeys).toEqual([
    { id: 'a', key: 'one' },
    { id: 'b_2', key: 'two:with=more/in it' },
    { id: 'a', key: 'three' },
  ])
})

describe('mistakes', () => {
  test.each([
    ['MANAGEMENT_KEYS', { MANAGEMENT_KEYS: 'only-a-key' }],
    ['MANAGEMENT_KEYS', { MANAGEMENT_KEYS: ':key' }],
    ['MANAGEMENT_KEYS', { MANAGEMENT_KEYS: 'id:' }],
    ['MANAGEMENT_KEYS', { MANAGEMENT_KEYS: 'good:key,a b:key' }],
    ['MANAGEMENT_KEYS', { MANAGEMENT_KEYS: 'one:key,two:key,one:key' }],
    ['MANAGEMENT_KEYS', { ...production, MANAGEMENT_KEYS: 'id:short' }],
    ['MAUTH_REPLAY_CHECK', { MAUTH_REPLAY_CHECK: 'no' }],
    ['JWKS_URL', { JWKS_URL: 'file:///etc/passwd' }],
    ['JWKS_URL', { JWKS_URL: 'https://' }],
    ['JWKS_URL', { JWKS_URL: 'https://user:password@id.example/keys' }],
    ['JWT_ISSUER', { JWT_ISSUER: '"https://id.example"' }],
    ['ICE_SERVERS', { ICE_SERVERS: 'stun:a' }],
    ['ICE_SERVERS', { ICE_SERVERS: '{}' }],
    ['ICE_SERVERS', { ICE_SERVERS: '[{"url":"stun:a"}]' }],
    ['ICE_SERVERS', { ICE_SERVERS: 'null' }],
    ...[
      ...[
        '[{"urls":[]}]',
        '[{"urls":"http://a"}]',
        '[{"urls":"stun://a"}]',
        '[{"urls":"stun:"}]',
        '[{"urls":"stun:a:0"}]',
      ],
      ...[
        '[{"urls":"stun:a:65536"}]',
        '[{"urls":"stun:a b"}]',
        '[{"urls":"stun:::1"}]',
        '[{"urls":"stun:a?transport=udp"}]',
      ],
      ...['[{"urls":"turn:a"}]', '[{"urls":"turn:a","username":"u"}]', '[{"urls":"turn:a","credential":"c"}]'],
      '[{"urls":"turn:a?transport=tls","username":"u","credential":"c"}]',
    ].map((ICE_SERVERS) => ['ICE_SERVERS', { ICE_SERVERS }] as [string, Environment]),
    ...['http://a', 'stun:a', 'turn://a', 'turn:', 'turn:a:b', 'turn:a?x=y', 'turn:a:3478/udp', 'turn:::1'].map(
      (TURN_URLS) => ['TURN_URLS', { TURN_URLS, TURN_SECRET: 's' }] as [string, Environment],
    ),
    ['TURN_SECRET', { TURN_URLS: 'turn:a' }],
    ['TURN_TTL', { TURN_TTL: '0' }],
  ] as [string, Environment][])('%s %j', (name, environment) => {
    const mistakes = mistakesOf(environment)
    expect(mistakes).toHaveLength(1)
    expect(mistakes[0]).toMatch(new RegExp(`^${name}: `))
  })
})

test('the options for TURN and JWT are read as they are set', () => {
  const config = readConfig({
    ICE_SERVERS: '[{"urls":["stun:a"]}]',
    TURN_URLS: 'turn:a,turns:b:5349?transport=tcp,turn:[::1]:3478',
    TURN_SECRET: 'north',
    TURN_TTL: '60',
    JWKS_URL: 'https://id.example/keys',
    JWT_AUDIENCE: 'us',
    JWT_ISSUER: 'them',
  })
  expect(config.ice).toEqual({
    servers: [{ urls: ['stun:a'] }],
    turn: { urls: ['turn:a', 'turns:b:5349?transport=tcp', 'turn:[::1]:3478'], secret: 'north', ttl: 60 },
  })
  expect(config.jwt).toEqual({ jwksUrl: 'https://id.example/keys', audience: 'us', issuer: 'them' })
})

test('the description shows no secret', () => {
  const secrets = { MANAGEMENT_KEYS: 'id:hidden-one', TURN_URLS: 'turn:a', TURN_SECRET: 'hidden-two' }
  const ICE_SERVERS = '[{"urls":"turn:b","username":"u","credential":"hidden-three"}]'
  expect(JSON.stringify(describeConfig({ ...secrets, ICE_SERVERS }))).not.toContain('hidden')
  expect(mistakesOf({ MANAGEMENT_KEYS: 'hidden', ICE_SERVERS: 'hidden' }).join()).not.toContain('hidden')
})
