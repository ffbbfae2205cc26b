import { describe, expect, test } from 'vitest'
import { describeConfig } from '../../../src/config/describe.ts'
import { type Config, ConfigError, type Environment, readConfig } from '../../../src/config/index.ts'

const secret = 'a secret of thirty-two characters'

type Row = {
  field: keyof Config
  default: unknown
  valid: [text: string, value: unknown][]
  invalid: string[]
}

const integer = (field: keyof Config, fallback: number, invalid: string[]): Row => ({
  field,
  default: fallback,
  valid: [['4096', 4096]],
  invalid: ['abc', '4096.5', '4096 bytes', 'true', '-1', ' ', '"4096"', '1e300', ...invalid],
})
const port = (field: keyof Config, fallback: number): Row => ({
  ...integer(field, fallback, ['65536']),
  valid: [
    ['0', 0],
    ['65535', 65535],
  ],
})
const seconds = (field: keyof Config, fallback: number, least: number): Row => ({
  field,
  default: fallback,
  valid: [
    [String(least), least],
    ['2.5', 2.5],
  ],
  invalid: ['soon', '10s', 'true', 'Infinity', '0x10', String(least - 0.01), '1e20'],
})
const timer = (field: keyof Config, fallback: number, least: number): Row => {
  const row = seconds(field, fallback, least)
  return { ...row, invalid: [...row.invalid, '2147484'] } // 2³¹ ms and more: Node.js would wait for 1 ms
}
const text = (field: keyof Config, fallback: unknown, valid: string, invalid: string[] = []): Row => ({
  field,
  default: fallback,
  valid: [[valid, valid]],
  invalid,
})

/** Every option that is a field of its own; the others have tests of their own below. */
const options: { [name: string]: Row } = {
  HOST: text('host', expect.stringMatching(/^0\.0\.0\.0$|^::$/), '::1', [
    ...['nonsense', 'a.example', '256.1.1.1', '10.0.0', '[::1]', 'http://0.0.0.0', '0.0.0.0:8080', '"0.0.0.0"', '*'],
  ]),
  PORT: port('port', 8080),
  OPS_PORT: port('opsPort', 9464),
  REDIS_PREFIX: text(
    'redisPrefix',
    'sb',
    'a:1',
    [...'{}*?[]^\\"\''].map((character) => `a${character}b`).concat('a b', 'a\n'),
  ),
  NODE_ID: text('nodeId', expect.stringMatching(/^[0-9a-f]{8}$/), '1.a_B-2', [
    'a b',
    'a:b',
    'a/b',
    'ä',
    'x'.repeat(65),
  ]),
  NODE_URL: text('nodeUrl', expect.stringMatching(/^http:\/\/\S+:8080$/), 'https://a.example:1/path', [
    ...[
      'a.example:1',
      'ws://a',
      'http://',
      'http:a',
      'http://a:b',
      'http://a:65536',
      'http://u:p@a',
      'http://a?b',
      'http://a#b',
    ],
  ]),
  TOKEN_TTL: seconds('tokenTtl', 180, 1),
  TICKET_TTL: timer('ticketTtl', 600, 1),
  RECONNECT_WINDOW: timer('window', 60, 0),
  PING_INTERVAL: timer('pingInterval', 25, 0.1),
  PING_TIMEOUT: timer('pingTimeout', 20, 0.1),
  DRAIN_SECONDS: timer('drainSeconds', 20, 0),
  MAX_MESSAGE_BYTES: integer('maxMessageBytes', 65536, ['255', '268435457']),
  MESSAGES_PER_SECOND: integer('messagesPerSecond', 50, ['0']),
  MESSAGE_BURST: integer('messageBurst', 200, ['0']),
  MAX_CONNECTIONS: integer('maxConnections', 50_000, ['0']),
  CONNECTIONS_PER_IP: integer('connectionsPerIp', 0, ['-1']),
  MAX_BUFFERED_BYTES: integer('maxBufferedBytes', 4_194_304, ['0']),
  MAX_BUFFERED_BYTES_TOTAL: integer('maxBufferedBytesTotal', 268_435_456, ['0']),
  MAX_ROOMS: integer('maxRooms', 0, ['-1']),
  MAX_PARTICIPANTS: integer('maxParticipants', 0, ['-1']),
  ROOM_LOG_ENTRIES: integer('roomLogEntries', 20_000, ['99']),
  LOG_LEVEL: text('logLevel', 'info', 'silent', ['loud', 'INFO']),
  CORS_ORIGINS: {
    field: 'corsOrigins',
    default: ['*'],
    valid: [
      ['http://a, http://b', ['http://a', 'http://b']],
      ['*', ['*']],
      ['none', []],
      ['https://a.example:8443', ['https://a.example:8443']],
      ['http://[::1]:8080', ['http://[::1]:8080']],
      ['null,capacitor://localhost', ['null', 'capacitor://localhost']],
    ],
    invalid: [
      ...['https://a/', 'https://a/path', 'https://a?b', 'https://a#b', 'https://A', 'HTTPS://a', 'https://u:p@a'],
      ...['https://a:443', 'http://a:80', 'https://*.a', 'https://a:*', '"https://a"', "'https://a'", 'a.example'],
      ...['//a', 'https://', 'https:a', 'wss://a', 'https://bücher.example', 'https://a b', 'http://[::0:1]', 'all'],
    ],
  },
  TRUST_PROXY: {
    field: 'trustProxy',
    default: undefined,
    valid: [
      ['true', true],
      ['false', false],
      ['2', 2],
      ['10.0.0.0/8', '10.0.0.0/8'],
      ['loopback, 10.0.0.0/255.0.0.0,fd00::/8,::1', 'loopback,10.0.0.0/255.0.0.0,fd00::/8,::1'],
    ],
    invalid: [
      'nginx',
      'loopback,nginx',
      '10.0.0.0/33',
      '10.0.0.0/0',
      '10.0.0.0/255.0.255.0',
      'fd00::/129',
      '10.0.0',
      '-1',
      'True',
      ' ',
    ],
  },
  DEMO: {
    field: 'demo',
    default: true,
    valid: [
      ['false', false],
      ['true', true],
    ],
    invalid: ['yes', '2', 'TRUE', '"true"'],
  },
}
const others = [
  'PUBLIC_URL',
  ...['NODE_ENV', 'REDIS_URL', 'REDIS_MODE', 'REDIS_SENTINEL_NAME', 'SIGNALBOX_SECRET', 'ANONYMOUS_DIALECTS'],
  ...['MANAGEMENT_KEYS', 'MAUTH_REPLAY_CHECK', 'JWKS_URL', 'JWT_AUDIENCE', 'JWT_ISSUER'],
  ...['ICE_SERVERS', 'TURN_URLS', 'TURN_SECRET', 'TURN_TTL'],
]

/** The names of the options with mistakes. */
function mistakenIn(environment: Environment): string[] {
  return mistakesIn(environment).map((mistake) => mistake.split(':', 1)[0] ?? '')
}

function mistakesIn(environment: Environment): string[] {
  try {
    readConfig(environment)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes
    throw error
  }
}

function shown(environment: Environment, option: string): string | undefined {
  return describeConfig(environment).find(({ name }) => name === option)?.value
}

test('this file tests every option', () => {
  const names = describeConfig({}).map(({ name }) => name)
  expect(names.sort()).toEqual([...Object.keys(options), ...others].sort())
})

test.each(Object.entries(options))(
  '%s has its default, accepts valid values, and refuses invalid ones',
  (name, { field, default: fallback, valid, invalid }) => {
    expect(readConfig({})[field]).toEqual(fallback)
    expect(readConfig({ [name]: '' })[field], 'an empty value counts as unset').toEqual(fallback)
    for (const [text, value] of valid) expect(readConfig({ [name]: text })[field], text).toEqual(value)
    for (const text of invalid) expect(mistakenIn({ [name]: text }), text).toEqual([name])
  },
)

test('a ConfigError has a line for each mistake', () => {
  const environment = { PORT: 'x', LOG_LEVEL: 'loud', SIGNALBOX_SECRET: 'short', REDIS_URL: 'localhost:6379' }
  expect(mistakenIn(environment)).toEqual(['PORT', 'REDIS_URL', 'SIGNALBOX_SECRET', 'LOG_LEVEL'])
  expect(() => readConfig(environment)).toThrow(/^The configuration has 4 mistakes:\n {2}PORT: .*\n {2}REDIS_URL: /)
})

test.each([
  ['https://a.example', { host: 'a.example', secure: true, prefix: '' }],
  ['http://a.example:8080/signal/', { host: 'a.example:8080', secure: false, prefix: '/signal' }],
  ['https://a.example/x/v1', { host: 'a.example', secure: true, prefix: '/x/v1' }],
])('PUBLIC_URL %s is read', (PUBLIC_URL, publicUrl) => {
  expect(readConfig({ PUBLIC_URL })).toMatchObject({ publicUrl })
})

test.each([
  'a.example',
  'ws://a.example',
  'https://',
  'https://me:pass@a.example',
  'https://a.example/?a',
  'https://a.example/#a',
])('PUBLIC_URL %s is a mistake', (PUBLIC_URL) => {
  expect(() => readConfig({ PUBLIC_URL })).toThrow(/\n {2}PUBLIC_URL: '.*' (is not a URL with|has a)/)
})

test.each(['socket.io', 'v1/x', 'docs', 'tokens'])(
  'PUBLIC_URL with the path /%s, which the node serves itself, is a mistake',
  (path) => {
    expect(() => readConfig({ PUBLIC_URL: `https://a.example/${path}` })).toThrow('which is a path of the node itself')
  },
)

test('NODE_URL defaults to the address of HOST if that is one address', () => {
  const url = (HOST: string) => readConfig({ HOST, PORT: '1234' }).nodeUrl
  expect(url('10.1.2.3')).toBe('http://10.1.2.3:1234')
  expect(url('::1')).toBe('http://[::1]:1234')
  for (const any of ['0.0.0.0', '::']) expect(url(any)).toMatch(/^http:\/\/(?!0\.|\[::\])\S+:1234$/)
})

test('variables that are not options are ignored', () => {
  const environment = { PATH: '/bin', toString: 'x', constructor: 'y' } as unknown as Environment
  expect(mistakesIn(environment)).toEqual([])
})

test('a node without REDIS_URL keeps its state in memory, and REDIS_URL requires a secret', () => {
  expect(readConfig({}).redis).toBeUndefined()
  expect(mistakenIn({ REDIS_URL: 'redis://h' })).toEqual(['SIGNALBOX_SECRET'])
  const { redis } = readConfig({ REDIS_URL: 'rediss://u:p@h:1/2', SIGNALBOX_SECRET: secret })
  expect(redis).toEqual({ urls: ['rediss://u:p@h:1/2'], mode: 'standalone' })
})

describe('REDIS_URL', () => {
  const mistakesOf = (REDIS_URL: string, REDIS_MODE = 'sentinel') =>
    mistakesIn({ REDIS_URL, REDIS_MODE, REDIS_SENTINEL_NAME: 'm', SIGNALBOX_SECRET: secret })

  test.each([
    ['http://h', 'is not redis://'],
    ['redis://', 'no host'],
    ['h:6379', 'is not redis://'],
    ['redis://a,nonsense', "'nonsense' is not redis://"],
    ['redis://:p%ss@h', "has a '%' in its user or password"],
    ['redis://%zz:pass@h', "has a '%' in its user or password"],
    ['redis://:p#ss@h', 'is not redis://'],
    ['redis://user@h', 'a user without a password'],
    ['redis://h/db', 'a database that is not a number'],
    ['redis://h/-1', 'a database that is not a number'],
    ['redis://h/1.5', 'a database that is not a number'],
    ['redis://h/1/2', 'a database that is not a number'],
    ['redis://h?db=2', 'has a query'],
    ['redis://h/2?password=hidden', 'has a query'],
    ['redis://h#1', 'has a fragment'],
    ['redis://h:0', 'no host'],
    ['redis://h:65536', 'is not redis://'],
    ['redis://$(REDIS_HOST)', 'no host'],
    ['"redis://h"', 'is in quotes'],
    ['redis://a,rediss://b', 'are mixed'],
    ['redis://:one@a,redis://:two@b', 'different passwords'],
    ['redis://a,redis://b/2', 'different databases'],
  ])('%s is a mistake', (url, complaint) => {
    const mistakes = mistakesOf(url)
    expect(mistakes).toEqual([expect.stringContaining(complaint)])
    expect(mistakes[0]).toMatch(/^REDIS_URL: /)
  })

  test('a database is a mistake in a Redis Cluster, which has only database 0', () => {
    expect(mistakesOf('redis://a/2', 'cluster')).toEqual([
      'REDIS_URL: has the database 2, and a Redis Cluster has only 0',
    ])
    expect(mistakesOf('redis://a/0,redis://b', 'cluster')).toEqual([])
  })

  test.each(['redis://[::1]:6379/3', 'rediss://u:p%25%23@h-1.a_b', 'redis://:p@a/2,redis://b,redis://:p@c/2'])(
    '%s is not a mistake',
    (url) => {
      expect(mistakesOf(url)).toEqual([])
    },
  )
})

test('each REDIS_MODE requires its options', () => {
  const given = { SIGNALBOX_SECRET: secret, REDIS_URL: 'redis://a, redis://b' }
  const urls = ['redis://a', 'redis://b']
  expect(readConfig({ ...given, REDIS_MODE: 'cluster' }).redis).toEqual({ urls, mode: 'cluster' })
  const sentinel = { ...given, REDIS_MODE: 'sentinel' }
  expect(readConfig({ ...sentinel, REDIS_SENTINEL_NAME: 'm' }).redis).toEqual({
    urls,
    mode: 'sentinel',
    sentinelName: 'm',
  })
  expect(mistakenIn(sentinel)).toEqual(['REDIS_SENTINEL_NAME'])
  expect(mistakenIn(given)).toEqual(['REDIS_URL'])
  expect(mistakenIn({ REDIS_MODE: 'cluster' })).toEqual(['REDIS_URL'])
  expect(mistakenIn({ REDIS_MODE: 'other' })).toEqual(['REDIS_MODE'])
})

test('SIGNALBOX_SECRET is a list of long keys, and a random key by default', () => {
  const second = secret.toUpperCase()
  expect(readConfig({ SIGNALBOX_SECRET: `${secret}, ${second}` }).keys).toEqual([secret, second])
  expect(mistakenIn({ SIGNALBOX_SECRET: `${secret},${'x'.repeat(31)}` })).toEqual(['SIGNALBOX_SECRET'])
  const [made] = readConfig({}).keys
  expect(made).toMatch(/^[0-9a-f]{64}$/)
  expect(readConfig({}).keys).not.toEqual([made])
})

test('production requires a secret, and by default allows no origin, no anonymous dialect and no demo', () => {
  const production = { NODE_ENV: 'production', SIGNALBOX_SECRET: secret }
  expect(mistakenIn({ NODE_ENV: 'production' })).toEqual(['SIGNALBOX_SECRET'])
  expect(readConfig(production)).toMatchObject({ production: true, corsOrigins: [], demo: false })
  expect(readConfig({ ...production, DEMO: 'true', CORS_ORIGINS: '*' })).toMatchObject({
    corsOrigins: ['*'],
    demo: true,
  })
  expect(readConfig({})).toMatchObject({ production: false, corsOrigins: ['*'], demo: true })
})

test.each(['prod', 'Production', 'PRODUCTION', 'production ', ' development', 'staging', 'test', '"production"', ' '])(
  'NODE_ENV=%j is a mistake, because it would be development by accident',
  (NODE_ENV) => {
    expect(mistakenIn({ NODE_ENV, SIGNALBOX_SECRET: secret })).toEqual(['NODE_ENV'])
  },
)

test('NODE_ENV is development if it is unset or empty', () => {
  for (const NODE_ENV of [undefined, '', 'development']) expect(readConfig({ NODE_ENV }).production).toBe(false)
})

test('the description has the value in force, the default and the meaning of every option', () => {
  const rows = describeConfig({ PORT: '1234', NODE_ENV: 'production', SIGNALBOX_SECRET: secret })
  for (const { name, default: fallback, meaning } of rows) {
    expect(fallback, name).not.toBe('')
    expect(meaning, name).not.toBe('')
  }
  const row = (name: string) => rows.find((row) => row.name === name)
  expect(row('PORT')).toMatchObject({ value: '1234', default: '8080' })
  expect(row('DEMO')).toMatchObject({ value: 'false', default: 'true in development' })
  expect(row('REDIS_URL')).toMatchObject({ value: '', default: '–' })
  expect(row('NODE_URL')?.value).toMatch(/^http:\/\/.*:1234$/)
})

test('neither the description nor a mistake shows a secret or a password', () => {
  const environment = {
    SIGNALBOX_SECRET: secret,
    REDIS_MODE: 'cluster',
    REDIS_URL: 'redis://user:p@ss:word@a:1/0,redis://b,redis://user:p@ss:word@[::1]:2',
  }
  expect(shown(environment, 'SIGNALBOX_SECRET')).toBe('****')
  expect(shown(environment, 'REDIS_URL')).toBe('redis://user:****@a:1/0,redis://b,redis://user:****@[::1]:2')
  const malformed = [
    'redis//:hidden@b',
    ':hidden@b',
    'redis://user:hidden',
    'redis://:hid/hidden@b',
    'redis://:hid,hidden@b',
  ]
  const misplaced = [
    'redis://b?password=hidden',
    'redis://b/?p=1&auth=hidden',
    'redis://u:1#hidden@b',
    'redis://b,redis//:hidden@b',
  ]
  for (const REDIS_URL of [...malformed, ...misplaced]) {
    const mistakes = mistakesIn({ ...environment, REDIS_URL, SIGNALBOX_SECRET: 'hidden' })
    expect(mistakes.length, REDIS_URL).toBeGreaterThanOrEqual(2)
    expect(mistakes.join()).not.toContain('hid')
  }
  for (const name of ['NODE_URL', 'JWKS_URL', 'CORS_ORIGINS']) {
    const [mistake] = mistakesIn({ [name]: 'https://me:hidden@c:3/path:x@y' })
    expect(mistake).toMatch(new RegExp(`^${name}: 'https://me:`))
    expect(mistake).not.toContain('hidden')
  }
})

test('a mistake shows the value without control characters, and not all of a long one', () => {
  const [mistake = ''] = mistakesIn({ NODE_ID: `\u001b[2J\n${'x'.repeat(1000)}` })
  expect(mistake).toMatch(/^NODE_ID: '��?\[2J�x+…' is not a name/)
  expect(mistake.length).toBeLessThan(250)
})

test.each([
  'REDIS_URL',
  'SIGNALBOX_SECRET',
  'MANAGEMENT_KEYS',
  'ANONYMOUS_DIALECTS',
  'CORS_ORIGINS',
  'TURN_URLS',
  'TRUST_PROXY',
])('a list without an entry is a mistake: %s', (name) => {
  for (const value of [' ', ',', ' , ']) expect(mistakenIn({ SIGNALBOX_SECRET: secret, [name]: value })).toEqual([name])
})

test('options that contradict each other are a mistake of one of them', () => {
  expect(mistakesIn({ PORT: '9000', OPS_PORT: '9000' })).toEqual([
    'OPS_PORT: PORT is 9000 too: choose another port, or 0 to serve both on PORT',
  ])
  expect(mistakenIn({ PORT: '9464' })).toEqual(['OPS_PORT'])
  expect(mistakenIn({ PORT: '0', OPS_PORT: '0' })).toEqual([])
  expect(mistakenIn({ PING_INTERVAL: '2000000', PING_TIMEOUT: '200000' })).toEqual(['PING_TIMEOUT'])
  expect(mistakenIn({ DRAIN_SECONDS: '2147480' }), 'with the time until the end by force').toEqual(['DRAIN_SECONDS'])
})

test('a name that differs from an option by one letter is a warning', () => {
  const warningsOf = (environment: Environment) => readConfig(environment).warnings.map((text) => text.split(':', 1)[0])
  const misspelt = [
    'REDIS_URLS',
    'REDIS_URI',
    'redis_url',
    'NODE_UR',
    'SIGNALBOX_SECERT',
    'SIGNALBOX_SECRETS',
    'CORS_ORIGIN',
  ]
  expect(warningsOf(Object.fromEntries(misspelt.map((name) => [name, 'x'])))).toEqual(misspelt)
  const others = { REDIS_HOST: 'x', NODE_IP: 'x', HOSTNAME: 'x', SIGNALBOX_PORT: 'x', PATH: 'x', REDIS_URLS: '' }
  expect(warningsOf(others)).toEqual([])
  expect(
    warningsOf({ REDIS_URI: 'x', REDIS_URL: 'redis://h', SIGNALBOX_SECRET: secret, NODE_URL: 'http://a' }),
  ).toEqual([])
})
