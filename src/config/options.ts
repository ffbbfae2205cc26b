import { type Static, type TSchema, Type } from 'typebox'
import { Value } from 'typebox/value'

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

export const Schema = Type.Object({
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
  PUBLIC_URL: Type.Optional(
    text(
      'where clients reach the cluster: `host` and `secure` of login tokens; its path is a prefix of all paths on PORT, whether the proxy strips it or not. Unset: from the request, no prefix',
    ),
  ),
  // no third word: a misspelt `production` would open a public node to everybody
  NODE_ENV: Type.Enum(['development', 'production'], {
    default: 'development',
    description: 'development or production; any other word is a mistake',
  }),
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
  CONNECTIONS_PER_IP: count('per node, of one IPv4 address or IPv6 /64; beyond: refused with a reason; 0 = off', 0),
  MAX_BUFFERED_BYTES: count(
    'what the node holds for one client, bytes: one that reads slower is disconnected and may relogin; requests beyond it get an error ack',
    4_194_304,
    1,
  ),
  MAX_BUFFERED_BYTES_TOTAL: count(
    'what the node holds for all clients, bytes, and a quarter of its heap at most; beyond: the clients that hold most get error acks, or are disconnected and may relogin',
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

export type Options = Static<typeof Schema>

/** What is wrong with the environment is added to `mistakes`. An empty value counts as unset. */
export function readOptions(environment: Environment): { options: Options; mistakes: string[] } {
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

/** What is written with commas between. */
export function list(value: string | undefined): string[] {
  return (value ?? '').split(',').flatMap((part) => part.trim() || [])
}
