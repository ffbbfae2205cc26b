import { listenAddress, trustedProxies } from './addresses.ts'
import { iceServers, turnUrls } from './ice.ts'
import { managementKeys, secretKeys } from './keys.ts'
import { bytes, count, maxTimerSeconds, port, seconds, timer } from './numbers.ts'
import { flag, items, matching, type Option, oneOf, option, type Read, secret, text } from './option.ts'
import { origins } from './origins.ts'
import { publicUrl } from './public-url.ts'
import { keyPrefix, redisUrls } from './redis.ts'
import { baseUrl, fetchable, masterName } from './urls.ts'

export type Environment = { [name: string]: string | undefined }

/** The dialects that have no login of their own. */
export const anonymousDialects = ['exchanger', 'rooms', 'p2p'] as const
export type AnonymousDialect = (typeof anonymousDialects)[number]

const dialects: Read<AnonymousDialect[]> = (value, complain) =>
  value === 'none' ? [] : items(value, complain).flatMap((name) => oneOf(anonymousDialects)(name, complain) ?? [])

/** How long a process may take to end after its drain before it exits by force, s. One timer waits for the sum of this and DRAIN_SECONDS. */
export const forcedEndSeconds = 15

/** Four messages may arrive at once, and `ws` computes their length in 32 bits. */
const maxMessageBytes = 2 ** 28

/** Every option, once: its name, type, default and meaning. `signalbox config` prints them; docs/configuration.md repeats them. */
export const optionTable = {
  HOST: option('address to listen on', listenAddress, '0.0.0.0'),
  PORT: port('clients, management API, demo', 8080),
  OPS_PORT: port('/healthz /readyz /metrics on a listener of their own; 0 = on PORT', 9464),
  REDIS_URL: option(
    '`redis://` or `rediss://` URLs, separated by commas; unset: one node, with its state in memory',
    redisUrls,
  ),
  REDIS_MODE: option(
    'standalone, sentinel (needs REDIS_SENTINEL_NAME), cluster',
    oneOf(['standalone', 'sentinel', 'cluster']),
    'standalone',
  ),
  REDIS_SENTINEL_NAME: option("the master's name, as the sentinels know it", masterName),
  REDIS_PREFIX: option('first part of every key and channel', keyPrefix, 'sb'),
  NODE_ID: option(
    "this node's name in the log and in metrics; its name in Redis and its connection ids begin with it",
    matching(/^[0-9A-Za-z._-]{1,64}$/, 'a name of up to 64 characters of 0-9A-Za-z._-'),
  ),
  NODE_URL: option('where the other nodes reach this one', baseUrl),
  PUBLIC_URL: option(
    'where clients reach the cluster: `host` and `secure` of login tokens, links of the demo; its path is a prefix of all paths on PORT, whether the proxy strips it or not',
    publicUrl,
  ),
  // no other word is allowed, because a misspelt `production` would start a public node with the open defaults of development
  NODE_ENV: option(
    'development or production; any other word is a mistake',
    oneOf(['development', 'production']),
    'development',
  ),
  SIGNALBOX_SECRET: secret(
    'comma-separated keys of ≥ 32 characters: the first signs, all verify. Required with REDIS_URL or NODE_ENV=production',
    secretKeys,
  ),
  ANONYMOUS_DIALECTS: option(
    'dialects (exchanger, rooms, p2p, separated by commas) that clients may use without a token; `none` = none',
    dialects,
  ),
  MANAGEMENT_KEYS: secret(
    '`id:key,…` for the management API; several keys may have one id, to replace a key. Unset: the API is off',
    managementKeys,
  ),
  MAUTH_REPLAY_CHECK: option(
    'off: the node accepts a signed MAuth header again, at any time, as OWT does; for clients with wrong clocks',
    oneOf(['on', 'off']),
    'on',
  ),
  JWKS_URL: option('URL of the public keys (JWKS) of another issuer of login tokens (RS256, ES256, EdDSA)', fetchable),
  JWT_AUDIENCE: option('the required `aud` of a JWT; unset: not checked', text),
  JWT_ISSUER: option('the required `iss` of a JWT; unset: not checked', text),
  TOKEN_TTL: seconds('lifetime of a login token, seconds', 180, { min: 1 }),
  // OWT's clients wait with a timer: they refresh a ticket a minute before it expires
  TICKET_TTL: timer('lifetime of a reconnection ticket, seconds', 600, { min: 1 }),
  RECONNECT_WINDOW: timer('how long a disconnected participant stays in its room, seconds; 0 = it leaves at once', 60),
  PING_INTERVAL: timer('how often a node pings each client, seconds', 25, { min: 0.1 }),
  PING_TIMEOUT: timer('how long a node waits for the pong before it closes the connection, seconds', 20, { min: 0.1 }),
  DRAIN_SECONDS: timer('over how long a node moves its clients to other nodes after SIGTERM, seconds', 20, {
    max: maxTimerSeconds - forcedEndSeconds,
  }),
  CORS_ORIGINS: option(
    'origins that may connect, as browsers write them, separated by commas; `*` = any, `none` = none',
    origins,
  ),
  MAX_MESSAGE_BYTES: bytes('the largest message of a client, bytes', 65_536, { min: 256, max: maxMessageBytes }),
  ICE_SERVERS: secret('the ICE servers for every client: JSON, RTCIceServer[]', iceServers),
  TURN_URLS: option(
    '`turn:` and `turns:` addresses, separated by commas, for which clients get time-limited credentials',
    turnUrls,
  ),
  TURN_SECRET: secret("coturn's `static-auth-secret`. Required with TURN_URLS", (value) => value),
  TURN_TTL: count('lifetime of TURN credentials, seconds', 86_400, { min: 1 }),
  MESSAGES_PER_SECOND: count('requests of one client in a second; the node refuses more with an error ack', 50, {
    min: 1,
  }),
  MESSAGE_BURST: count('requests that one client may send at once after a pause', 200, { min: 1 }),
  MAX_CONNECTIONS: count('clients of a node; it refuses more, with a reason', 50_000, { min: 1 }),
  CONNECTIONS_PER_IP: count(
    'clients of a node from one IPv4 address or IPv6 /64; it refuses more, with a reason; 0 = off',
    0,
  ),
  MAX_BUFFERED_BYTES: bytes(
    'what a node may buffer for one client, bytes: it disconnects a client that reads slower, which may relogin, and refuses requests beyond it with an error ack',
    4_194_304,
    { min: 1 },
  ),
  MAX_BUFFERED_BYTES_TOTAL: bytes(
    'what a node may buffer for all clients, bytes, and at most a quarter of its heap; beyond it, the clients with the largest buffers get error acks, or are disconnected and may relogin',
    268_435_456,
    { min: 1 },
  ),
  MAX_ROOMS: count('rooms of the cluster; beyond it there are no new ones; 0 = off', 0),
  MAX_PARTICIPANTS: count("participants of a room, whatever the room's own limit; 0 = off", 0),
  ROOM_LOG_ENTRIES: count('messages that the log of a room keeps for clients that resume', 20_000, { min: 100 }),
  LOG_LEVEL: option(
    'the lowest level that a node logs: fatal, error, warn, info, debug, trace; `silent` = nothing',
    oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    'info',
  ),
  TRUST_PROXY: option(
    'the proxies whose forwarding headers count: true = every address, a number of proxies, or IP addresses and networks, separated by commas',
    trustedProxies,
  ),
  DEMO: option('serves the demo at /, and POST /tokens/, which gives a token to every client that requests one', flag),
} as const satisfies { [name: string]: Option<unknown> }

export type OptionName = keyof typeof optionTable

type ValueOf<O> = O extends { read: Read<infer T> } ? (O extends { default: string } ? T : T | undefined) : never

export type OptionValues = { [N in OptionName]: ValueOf<(typeof optionTable)[N]> }

/** The options as the environment sets them, and the mistakes in it. */
export type Readings = {
  /** An option with a mistake has its default here. */
  options: OptionValues
  /** The options that are set. An empty value counts as unset. */
  given: ReadonlySet<OptionName>
  /** A sentence for each mistake, in the order of the table. */
  mistakes: Mistake[]
}

/** A sentence about an option, without its name. */
export type Mistake = { name: OptionName; complaint: string }

export function readOptions(environment: Environment): Readings {
  const given = new Set<OptionName>()
  const mistakes: Mistake[] = []
  const options: { [name: string]: unknown } = {}
  for (const [name, { read, default: fallback }] of entriesOf(optionTable)) {
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined
    const before = mistakes.length
    const complain = (complaint: string) => {
      mistakes.push({ name, complaint })
    }
    const byDefault = () => (fallback === undefined ? undefined : read(fallback, complain))
    if (value) given.add(name)
    options[name] = value ? read(value, complain) : byDefault()
    if (mistakes.length > before) options[name] = byDefault()
  }
  return { options: options as OptionValues, given, mistakes }
}

export const entriesOf = (options: typeof optionTable) => Object.entries(options) as [OptionName, Option<unknown>][]
