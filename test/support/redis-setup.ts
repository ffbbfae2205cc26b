import type { TestProject } from 'vitest/node'
import { spawnRedis } from './redis-server.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    redisUrl: string
  }
}

/** One Redis for the whole run: that of TEST_REDIS_URL, or a private one. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TEST_REDIS_URL
  if (given) {
    provide('redisUrl', given)
    return async () => {}
  }
  const server = await spawnRedis()
  provide('redisUrl', server.url)
  return server.stop
}
