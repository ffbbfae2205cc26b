import { list, type Options } from './options.ts'

export type RedisConfig = { urls: string[]; mode: 'standalone' | 'sentinel' | 'cluster'; sentinelName?: string }

/** undefined: the state is in memory. */
export function readRedis(options: Options, mistakes: string[]): RedisConfig | undefined {
  const { REDIS_MODE: mode, REDIS_SENTINEL_NAME: sentinelName } = options
  const urls = list(options.REDIS_URL)
  if (!urls.every(isRedisUrl)) mistakes.push('REDIS_URL: expected redis:// or rediss:// and a host')
  if (mode === 'sentinel' && !sentinelName) mistakes.push('REDIS_SENTINEL_NAME: required with REDIS_MODE=sentinel')
  const several = mode === 'sentinel' || mode === 'cluster' // a mode that there is not was complained of already
  if (several && urls.length === 0) mistakes.push(`REDIS_URL: required with REDIS_MODE=${mode}`)
  if (mode === 'standalone' && urls.length > 1) {
    mistakes.push('REDIS_URL: several addresses need REDIS_MODE=sentinel or cluster')
  }
  return urls.length > 0 ? { urls, mode, ...(sentinelName ? { sentinelName } : {}) } : undefined
}

function isRedisUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url !== undefined && ['redis:', 'rediss:'].includes(url.protocol) && url.hostname !== ''
}
