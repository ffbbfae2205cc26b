import { randomBytes } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { type Static, type TSchema, Type } from 'typebox'
import { Value } from 'typebox/value'
import type { IceServer } from './core/ice.ts'
import { IceServers } from './protocol/session.ts'

/** Every option, once: its name, type, default and meaning. `signalbox config` and README's table are made from it. */

export type Environment = { [name: string]: string | undefined }

const port = (meaning: string, fallback: number) =>
  Type.Integer({ minimum: 0, maximum: 65535, default: fallback, description: meaning })
const seconds = (meaning: string, fallback: number, minimum = 0) =>
  Type.Number({ minimum, maximum: 31_536_000, default: fallback, description: meaning })
const count = (meaning: string, fallback: number, minimum = 0) =>
  Type.Integer({ minimum, default: fallback, description: meaning })
const text = (meaning: string, options: { default?: string; pattern?: string } = {}) =>
  Type.String({ ...options, description: meaning })

const Schema = Type.Object({
  HOST: text('address to listen on', { default: '0.0.0.0' }),
  PORT: port('clients, management API, demo', 8080),
  OPS_PORT: port('/healthz /readyz /metrics on a listener of their own; 0 = on PORT', 9464),
  REDIS_URL: Type.Optional(text('unset: memory, one node; `redis://` or `rediss://`, several separated by commas')),
  REDIS_MODE: Type.Enum(['standalone', 'sentinel', 'cluster'], {
    default: 'standalone',
    description: 'standalone, sentinel (needs REDIS_SENTINEL_NAME), cluster',
  }),
  REDIS_SENTINEL_NAME: Type.Optional(text("the master's name, as the sentinels know it")),
  REDIS_PREFIX: text('first part of every key and channel', { default: 'sb', pattern: '^[^{}\\s]+$' }),
  NODE_ID: Type.Optional(text("this node's name in Redis and in session ids", { pattern: '^[0-9A-Za-z._-]{1,64}$' })),
  NODE_URL: Type.Optional(text('where the other nodes reach this one', { pattern: '^https?://' })),
  NODE_ENV: text('development or production', { default: 'development' }),
  SIGNALBOX_SECRET: Type.Optional(
    text(
      'comma-separated keys of ≥ 32 characters: the first signs, all verify. Required with REDIS_URL or NODE_ENV=production',
    ),
  ),
  ANONYMOUS_DIALECTS: Type.Optional(
    text('of exchanger, rooms, p2p, separated by commas: those that may be used without a token; `none` = none'),
  ),
  MANAGEMENT_KEYS: Type.Optional(
    text('`id:key,…` for the management API; several keys of one id while one is replaced. Unset: the API is off'),
  ),
  MAUTH_REPLAY_CHECK: Type.Enum(['on', 'off'], {
    default: 'on',
    description:
      'off: a signed MAuth header may be used again, at any time, as with OWT; for clients with wrong clocks',
  }),
  JWKS_URL: Type.Optional(
    text('public keys of whoever else makes login tokens (RS256, ES256, EdDSA)', { pattern: '^https?://' }),
  ),
  JWT_AUDIENCE: Type.Optional(text('what `aud` of a JWT must be or name; unset: it is not looked at')),
  JWT_ISSUER: Type.Optional(text('what `iss` of a JWT must be; unset: it is not looked at')),
  TOKEN_TTL: seconds('how long a login token is good, seconds', 180, 1),
  TICKET_TTL: seconds('how long a reconnection ticket is good, seconds', 600, 1),
  RECONNECT_WINDOW: seconds('how long a lost participant keeps its place, seconds; 0 = leaves at once', 60),
  PING_INTERVAL: seconds('Socket.IO heartbeat, seconds', 25, 0.1),
  PING_TIMEOUT: seconds('Socket.IO heartbeat, seconds', 20, 0.1),
  DRAIN_SECONDS: seconds('SIGTERM: over how long clients are moved to other nodes, seconds', 20),
  CORS_ORIGINS: Type.Optional(text('origins that may connect, separated by commas; `*` = any')),
  MAX_MESSAGE_BYTES: count('one client message, bytes', 65536, 256),
  ICE_SERVERS: Type.Optional(text('JSON, RTCIceServer[]: given to every client')),
  TURN_URLS: Type.Optional(
    text('`turn:` and `turns:` addresses, separated by commas, for which clients get time-limited credentials'),
  ),
  TURN_SECRET: Type.Optional(text("coturn's `static-auth-secret`. Required with TURN_URLS")),
  TURN_TTL: count('how long TURN credentials are good, seconds', 86_400, 1),
  MESSAGES_PER_SECOND: count('per connection; beyond: error ack, nothing else', 50, 1),
  MESSAGE_BURST: count('messages at once after a quiet while, per connection', 200, 1),
  MAX_CONNECTIONS: count('per node; beyond: refused with a reason', 50_000, 1),
  CONNECTIONS_PER_IP: count('per node; beyond: refused with a reason; 0 = off', 0),
  MAX_BUFFERED_BYTES: count('a client that reads slower is disconnected and may relogin, bytes', 4_194_304, 1),
  MAX_BUFFERED_BYTES_TOTAL: count(
    'per node; beyond: those who read slowest are disconnected and may relogin, bytes',
    268_435_456,
    1,
  ),
  MAX_ROOMS: count('in the cluster; beyond: no new ones; 0 = off', 0),
  MAX_PARTICIPANTS: count("per room, whatever the room's own limit; 0 = off", 0),
  ROOM_LOG_ENTRIES: count('messages kept of one room for those who come back', 20_000, 100),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    description: 'pino',
  }),
  TRUST_PROXY: Type.Optional(text("as Fastify's trustProxy: true, a number of hops, or addresses")),
  DEMO: Type.Optional(Type.Boolean({ description: 'the demo at / and POST /tokens/ outside development' })),
})

type Options = Static<typeof Schema>

/** Names whose values are never printed. */
const secrets = new Set(['SIGNALBOX_SECRET', 'MANAGEMENT_KEYS', 'TURN_SECRET', 'ICE_SERVERS'])

/** What differs in production, or is made anew for every process. */
const derivedDefaults: { [name: string]: string } = {
  NODE_ID: 'random',
  NODE_URL: 'http://own-ip:PORT',
  ANONYMOUS_DIALECTS: 'all in development, none in production',
  CORS_ORIGINS: '`*` in development, none in production',
  DEMO: 'true in development',
  ICE_SERVERS: 'Google’s public STUN in development, `[]` in production',
}

/** The dialects that have no login of their own. */
const anonymousDialects = ['exchanger', 'rooms', 'p2p'] as const
export type AnonymousDialect = (typeof anonymousDialects)[number]

export type Config = {
  host: string
  port: number
  opsPort: number
  production: boolean
  redis?: { urls: string[]; mode: 'standalone' | 'sentinel' | 'cluster'; sentinelName?: string }
  redisPrefix: string
  nodeId: string
  nodeUrl: string
  keys: [string, ...string[]]
  anonymousDialects: AnonymousDialect[]
  /** Several may have the same id. */
  managementKeys: { id: string; key: string }[]
  mauthReplayCheck: boolean
  jwt: { jwksUrl?: string; audience?: string; issuer?: string }
  ice: { servers: IceServer[]; turn?: { urls: string[]; secret: string; ttl: number } }
  tokenTtl: number
  ticketTtl: number
  window: number
  pingInterval: number
  pingTimeout: number
  drainSeconds: number
  corsOrigins: string[]
  maxMessageBytes: number
  messagesPerSecond: number
  messageBurst: number
  maxConnections: number
  connectionsPerIp: number
  maxBufferedBytes: number
  maxBufferedBytesTotal: number
  maxRooms: number
  maxParticipants: number
  roomLogEntries: number
  logLevel: Options['LOG_LEVEL']
  trustProxy?: boolean | number | string
  demo: boolean
}

/** All mistakes at once, one a line. */
export class ConfigError extends Error {
  readonly mistakes: string[]

  constructor(mistakes: string[]) {
    super(
      `The configuration has ${mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`}:\n${mistakes.map((mistake) => `  ${mistake}`).join('\n')}`,
    )
    this.name = 'ConfigError'
    this.mistakes = mistakes
  }
}

/** Reads the environment once. An empty value counts as unset. @throws ConfigError */
export function readConfig(environment: Environment): Config {
  const { options, mistakes } = readOptions(environment)
  const production = options.NODE_ENV === 'production'
  const urls = list(options.REDIS_URL)
  if (!urls.every(isRedisUrl)) mistakes.push('REDIS_URL: expected redis:// or rediss:// and a host')
  if (options.REDIS_MODE === 'sentinel' && !options.REDIS_SENTINEL_NAME) {
    mistakes.push('REDIS_SENTINEL_NAME: required with REDIS_MODE=sentinel')
  }
  if ((options.REDIS_MODE === 'sentinel' || options.REDIS_MODE === 'cluster') && urls.length === 0) {
    mistakes.push(`REDIS_URL: required with REDIS_MODE=${options.REDIS_MODE}`)
  }
  if (options.REDIS_MODE === 'standalone' && urls.length > 1) {
    mistakes.push('REDIS_URL: several addresses need REDIS_MODE=sentinel or cluster')
  }
  const keys = list(options.SIGNALBOX_SECRET)
  if (keys.some((key) => key.length < 32)) mistakes.push('SIGNALBOX_SECRET: every key needs at least 32 characters')
  if (keys.length === 0 && (urls.length > 0 || production)) {
    mistakes.push(
      'SIGNALBOX_SECRET: required with REDIS_URL or NODE_ENV=production, for example `openssl rand -hex 32`',
    )
  }
  const anonymous = options.ANONYMOUS_DIALECTS === 'none' ? [] : list(options.ANONYMOUS_DIALECTS)
  if (!anonymous.every(isAnonymousDialect)) {
    mistakes.push(`ANONYMOUS_DIALECTS: expected some of ${anonymousDialects.join(', ')}, or none`)
  }
  const managementKeys = readManagementKeys(options.MANAGEMENT_KEYS, production, mistakes)
  const ice = readIce(options, production, mistakes)
  if (mistakes.length > 0) throw new ConfigError(mistakes)

  const [first = randomBytes(32).toString('hex'), ...rest] = keys
  return {
    host: options.HOST,
    port: options.PORT,
    opsPort: options.OPS_PORT,
    production,
    ...(urls.length > 0
      ? {
          redis: {
            urls,
            mode: options.REDIS_MODE,
            ...(options.REDIS_SENTINEL_NAME ? { sentinelName: options.REDIS_SENTINEL_NAME } : {}),
          },
        }
      : {}),
    redisPrefix: options.REDIS_PREFIX,
    nodeId: options.NODE_ID ?? randomBytes(4).toString('hex'),
    nodeUrl: options.NODE_URL ?? `http://${ownAddress(options.HOST)}:${options.PORT}`,
    keys: [first, ...rest],
    anonymousDialects:
      options.ANONYMOUS_DIALECTS === undefined && !production
        ? [...anonymousDialects]
        : anonymous.filter(isAnonymousDialect),
    managementKeys,
    mauthReplayCheck: options.MAUTH_REPLAY_CHECK === 'on',
    jwt: {
      ...(options.JWKS_URL === undefined ? {} : { jwksUrl: options.JWKS_URL }),
      ...(options.JWT_AUDIENCE === undefined ? {} : { audience: options.JWT_AUDIENCE }),
      ...(options.JWT_ISSUER === undefined ? {} : { issuer: options.JWT_ISSUER }),
    },
    ice,
    tokenTtl: options.TOKEN_TTL,
    ticketTtl: options.TICKET_TTL,
    window: options.RECONNECT_WINDOW,
    pingInterval: options.PING_INTERVAL,
    pingTimeout: options.PING_TIMEOUT,
    drainSeconds: options.DRAIN_SECONDS,
    corsOrigins: options.CORS_ORIGINS === undefined ? (production ? [] : ['*']) : list(options.CORS_ORIGINS),
    maxMessageBytes: options.MAX_MESSAGE_BYTES,
    messagesPerSecond: options.MESSAGES_PER_SECOND,
    messageBurst: options.MESSAGE_BURST,
    maxConnections: options.MAX_CONNECTIONS,
    connectionsPerIp: options.CONNECTIONS_PER_IP,
    maxBufferedBytes: options.MAX_BUFFERED_BYTES,
    maxBufferedBytesTotal: options.MAX_BUFFERED_BYTES_TOTAL,
    maxRooms: options.MAX_ROOMS,
    maxParticipants: options.MAX_PARTICIPANTS,
    roomLogEntries: options.ROOM_LOG_ENTRIES,
    logLevel: options.LOG_LEVEL,
    ...(options.TRUST_PROXY === undefined ? {} : { trustProxy: trustProxyOf(options.TRUST_PROXY) }),
    demo: options.DEMO ?? !production,
  }
}

/** Every option as a row: name, value in force (secrets masked), default, meaning. @throws ConfigError */
export function describeConfig(
  environment: Environment,
): { name: string; value: string; default: string; meaning: string }[] {
  const config = readConfig(environment)
  const { options } = readOptions(environment)
  const inForce: { [name: string]: string } = {
    NODE_ID: config.nodeId,
    NODE_URL: config.nodeUrl,
    ANONYMOUS_DIALECTS: config.anonymousDialects.join(','),
    CORS_ORIGINS: config.corsOrigins.join(','),
    DEMO: String(config.demo),
    ICE_SERVERS: JSON.stringify(config.ice.servers),
  }
  return Object.entries(Schema.properties).map(([name, schema]) => {
    const value = options[name as keyof Options]
    const shown = value === undefined ? (inForce[name] ?? '') : withoutPassword(String(value))
    return {
      name,
      value: secrets.has(name) && value !== undefined ? '****' : shown,
      default: derivedDefaults[name] ?? defaultOf(schema),
      meaning: meaningOf(schema),
    }
  })
}

function readOptions(environment: Environment): { options: Options; mistakes: string[] } {
  const known = Object.entries(environment).filter(([name, value]) => name in Schema.properties && value !== '')
  const texts = Object.fromEntries(known)
  const options = Value.Clean(Schema, Value.Convert(Schema, Value.Default(Schema, { ...texts }))) as Options
  // Convert reads `80.5` as the integer 80 and `true` as 1; a number is what is written like one, or a mistake
  for (const [name, schema] of Object.entries<TSchema>(Schema.properties)) {
    if (texts[name] !== undefined && isNumeric(schema)) Object.assign(options, { [name]: numberOf(texts[name]) })
  }
  const complaints = Value.Errors(Schema, options).filter(({ keyword }) => keyword !== 'anyOf')
  const mistakes = complaints.map(({ instancePath, message, params }) => {
    const allowed = 'allowedValues' in params ? ` (${params.allowedValues.join(', ')})` : ''
    return `${instancePath.slice(1)}: ${message}${allowed}`
  })
  return { options, mistakes }
}

function isNumeric(schema: TSchema): boolean {
  return 'type' in schema && (schema.type === 'integer' || schema.type === 'number')
}

function numberOf(text: string): number | string {
  const number = text.trim() === '' ? Number.NaN : Number(text)
  return Number.isFinite(number) ? number : text
}

const shortestManagementKey = 16

function readManagementKeys(value: string | undefined, production: boolean, mistakes: string[]) {
  const keys = list(value).map((entry) => {
    const [, id = '', key = ''] = /^([0-9A-Za-z_-]{1,64}):(.+)$/.exec(entry) ?? []
    return { id, key }
  })
  if (keys.some(({ key }) => key === '')) mistakes.push('MANAGEMENT_KEYS: expected id:key,… (ids of 0-9A-Za-z_-)')
  else if (production && keys.some(({ key }) => key.length < shortestManagementKey)) {
    mistakes.push(`MANAGEMENT_KEYS: in production every key needs at least ${shortestManagementKey} characters`)
  }
  return keys
}

function readIce(options: Options, production: boolean, mistakes: string[]): Config['ice'] {
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

function list(value: string | undefined): string[] {
  return (value ?? '').split(',').flatMap((part) => part.trim() || [])
}

function isAnonymousDialect(name: string): name is AnonymousDialect {
  return (anonymousDialects as readonly string[]).includes(name)
}

function isRedisUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url !== undefined && ['redis:', 'rediss:'].includes(url.protocol) && url.hostname !== ''
}

function trustProxyOf(value: string): boolean | number | string {
  if (value === 'true' || value === 'false') return value === 'true'
  return /^\d+$/.test(value) ? Number(value) : value
}

function withoutPassword(value: string): string {
  return value.replace(/(\/\/[^:/@]*):[^/?#,]*@/g, '$1:****@')
}

function defaultOf(schema: TSchema): string {
  return 'default' in schema ? String(schema.default) : '–'
}

function meaningOf(schema: TSchema): string {
  return 'description' in schema ? String(schema.description) : ''
}

/** Where a listener of this process is reached, as it stands in a URL. */
function ownAddress(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host.includes(':') ? `[${host}]` : host
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1'
}
