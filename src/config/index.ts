import { randomBytes } from 'node:crypto'
import type { IceConfig } from '../core/auth/turn-credentials.ts'
import type { ManagementKey } from './keys.ts'
import { misspeltIn } from './misspelt.ts'
import {
  type AnonymousDialect,
  anonymousDialects,
  type Environment,
  type Mistake,
  type OptionName,
  type OptionValues,
  optionTable,
  readOptions,
} from './options.ts'
import { defaultHost, ownAddress, unreachableWarnings } from './own-address.ts'
import type { PublicUrl } from './public-url.ts'
import type { RedisConfig } from './redis.ts'
import { mistakesBetween } from './relations.ts'

export type { AnonymousDialect, Environment } from './options.ts'

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
  /** Several keys may have the same id. */
  managementKeys: ManagementKey[]
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
  logLevel: OptionValues['LOG_LEVEL']
  trustProxy?: boolean | number | string
  demo: boolean
  /** Sentences about values that are allowed but probably mistakes. */
  warnings: string[]
}

/** Contains all mistakes in the environment, one a line. */
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
  const readings = readOptions(environment)
  const mistakes = [...readings.mistakes, ...mistakesBetween(readings)]
  if (mistakes.length > 0)
    throw new ConfigError(inOrder(mistakes).map(({ name, complaint }) => `${name}: ${complaint}`))

  const { options, given } = readings
  const production = options.NODE_ENV === 'production'
  const host = given.has('HOST') ? options.HOST : defaultHost()
  const redis = redisOf(options)
  return {
    host,
    port: options.PORT,
    opsPort: options.OPS_PORT,
    production,
    ...(redis ? { redis } : {}),
    redisPrefix: options.REDIS_PREFIX,
    nodeId: options.NODE_ID ?? randomBytes(4).toString('hex'),
    nodeUrl: options.NODE_URL ?? `http://${ownAddress(host) ?? '127.0.0.1'}:${options.PORT}`,
    ...(options.PUBLIC_URL ? { publicUrl: options.PUBLIC_URL } : {}),
    keys: (options.SIGNALBOX_SECRET as [string, ...string[]] | undefined) ?? [randomBytes(32).toString('hex')],
    anonymousDialects: options.ANONYMOUS_DIALECTS ?? (production ? [] : [...anonymousDialects]),
    managementKeys: options.MANAGEMENT_KEYS ?? [],
    mauthReplayCheck: options.MAUTH_REPLAY_CHECK === 'on',
    jwt: {
      ...(options.JWKS_URL === undefined ? {} : { jwksUrl: options.JWKS_URL }),
      ...(options.JWT_AUDIENCE === undefined ? {} : { audience: options.JWT_AUDIENCE }),
      ...(options.JWT_ISSUER === undefined ? {} : { issuer: options.JWT_ISSUER }),
    },
    ice: iceOf(options, production),
    tokenTtl: options.TOKEN_TTL,
    ticketTtl: options.TICKET_TTL,
    window: options.RECONNECT_WINDOW,
    pingInterval: options.PING_INTERVAL,
    pingTimeout: options.PING_TIMEOUT,
    drainSeconds: options.DRAIN_SECONDS,
    corsOrigins: options.CORS_ORIGINS ?? (production ? [] : ['*']),
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
    ...(options.TRUST_PROXY === undefined ? {} : { trustProxy: options.TRUST_PROXY }),
    demo: options.DEMO ?? !production,
    warnings: [
      ...misspeltIn(environment, names),
      ...(redis && !given.has('NODE_URL') ? unreachableWarnings(host) : []),
    ],
  }
}

const names = Object.keys(optionTable) as OptionName[]

/** Sorts mistakes by the order of the option table. */
function inOrder(mistakes: Mistake[]): Mistake[] {
  return names.flatMap((option) => mistakes.filter(({ name }) => name === option))
}

function redisOf({
  REDIS_URL: urls,
  REDIS_MODE: mode,
  REDIS_SENTINEL_NAME: name,
}: OptionValues): RedisConfig | undefined {
  return urls && { urls, mode, ...(name ? { sentinelName: name } : {}) }
}

function iceOf(options: OptionValues, production: boolean): IceConfig {
  const { ICE_SERVERS, TURN_URLS: urls = [], TURN_SECRET: secret = '', TURN_TTL: ttl } = options
  const servers = ICE_SERVERS ?? (production ? [] : [{ urls: 'stun:stun.l.google.com:19302' }])
  return { servers, ...(urls.length > 0 ? { turn: { urls, secret, ttl } } : {}) }
}
