import { randomBytes } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { type IceConfig, readIce } from './config/ice.ts'
import { readManagementKeys, readSecret } from './config/keys.ts'
import { type Environment, list, type Options, readOptions } from './config/options.ts'
import { type PublicUrl, readPublicUrl } from './config/public-url.ts'
import { type RedisConfig, readRedis } from './config/redis.ts'

export type { Environment } from './config/options.ts'

/** The dialects that have no login of their own. */
const anonymousDialects = ['exchanger', 'rooms', 'p2p'] as const
export type AnonymousDialect = (typeof anonymousDialects)[number]

export type Config = {
  host: string
  port: number
  opsPort: number
  production: boolean
  redis?: RedisConfig
  redisPrefix: string
  nodeId: string
  nodeUrl: string
  publicUrl?: PublicUrl
  keys: [string, ...string[]]
  anonymousDialects: AnonymousDialect[]
  /** Several may have the same id. */
  managementKeys: { id: string; key: string }[]
  mauthReplayCheck: boolean
  jwt: { jwksUrl?: string; audience?: string; issuer?: string }
  ice: IceConfig
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
  const redis = readRedis(options, mistakes)
  const keys = readSecret(options.SIGNALBOX_SECRET, production || redis !== undefined, mistakes)
  const anonymous = options.ANONYMOUS_DIALECTS === 'none' ? [] : list(options.ANONYMOUS_DIALECTS)
  if (!anonymous.every(isAnonymousDialect)) {
    mistakes.push(`ANONYMOUS_DIALECTS: expected some of ${anonymousDialects.join(', ')}, or none`)
  }
  const managementKeys = readManagementKeys(options.MANAGEMENT_KEYS, production, mistakes)
  const ice = readIce(options, production, mistakes)
  const publicUrl = readPublicUrl(options.PUBLIC_URL, mistakes)
  if (mistakes.length > 0) throw new ConfigError(mistakes)

  const [first = randomBytes(32).toString('hex'), ...rest] = keys
  return {
    host: options.HOST,
    port: options.PORT,
    opsPort: options.OPS_PORT,
    production,
    ...(redis ? { redis } : {}),
    redisPrefix: options.REDIS_PREFIX,
    nodeId: options.NODE_ID ?? randomBytes(4).toString('hex'),
    nodeUrl: options.NODE_URL ?? `http://${ownAddress(options.HOST)}:${options.PORT}`,
    ...(publicUrl ? { publicUrl } : {}),
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

function isAnonymousDialect(name: string): name is AnonymousDialect {
  return (anonymousDialects as readonly string[]).includes(name)
}

function trustProxyOf(value: string): boolean | number | string {
  if (value === 'true' || value === 'false') return value === 'true'
  return /^\d+$/.test(value) ? Number(value) : value
}

/** Where a listener of this process is reached, as it stands in a URL. */
function ownAddress(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host.includes(':') ? `[${host}]` : host
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1'
}
