import { quoted } from './masked.ts'
import { isInQuotes, items, matching, type Read } from './option.ts'

export type RedisConfig = { urls: string[]; mode: 'standalone' | 'sentinel' | 'cluster'; sentinelName?: string }

/** Braces would choose the slot in a Redis Cluster. The others are quotes, or wildcards of PSUBSCRIBE and of Redis' ACL. */
export const keyPrefix = matching(
  /^[^\p{Cc}\s{}*?[\]^\\"'`]+$/u,
  'a prefix without spaces, quotes, backslashes and {}*?[]^',
)

export const redisUrls: Read<string[]> = (text, complain) => {
  const urls = items(text, complain)
  for (const url of urls) {
    const fault = faultOf(url)
    if (fault) complain(`${quoted(url)} ${fault}`)
  }
  return urls
}

/** Why a node could not connect to this address, or would use another database than the operator means. */
function faultOf(text: string): string | undefined {
  if (isInQuotes(text)) return 'is in quotes: write it without them'
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^rediss?:$/.test(url.protocol)) {
    return 'is not redis://host:port or rediss://host:port (in a password, % / ? # @ and , are written %25 %2F %3F %23 %40 %2C)'
  }
  if (!/^(?:\[[0-9a-f:.]+\]|[\w.-]+)$/i.test(url.hostname) || url.port === '0') return 'has no host that can be reached'
  if (![url.username, url.password].every(isEncoded)) return "has a '%' in its user or password: write it %25"
  if (url.username && !url.password)
    return 'has a user without a password: a password alone is written redis://:password@host'
  if (url.search) return 'has a query: its settings would have no effect'
  if (url.hash) return "has a fragment: a '#' in a password is written %23"
  return /^\/?$|^\/\d{1,9}$/.test(url.pathname) ? undefined : 'has a database that is not a number'
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

/** Why a node cannot use these addresses together: it uses the user, password and database of the first for all of them. */
export function differenceIn([first, ...others]: string[]): string | undefined {
  if (first === undefined) return undefined
  const { protocol, ...used } = sharedIn(first)
  for (const other of others.map(sharedIn)) {
    if (other.protocol !== protocol) return 'redis:// and rediss:// are mixed: write all addresses with the same scheme'
    const name = (['username', 'password', 'database'] as const).find(
      (name) => other[name] && other[name] !== used[name],
    )
    if (name) return `the addresses have different ${name}s, and a node uses that of the first for all`
  }
  return undefined
}

/** '' stands for 0. */
export const databaseOf = (url: string): string => sharedIn(url).database

function sharedIn(text: string) {
  const { protocol, username, password, pathname } = new URL(text)
  return { protocol, username, password, database: pathname.slice(1).replace(/^0+/, '') }
}
