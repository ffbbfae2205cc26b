import { expect, test } from 'vitest'
import { run, typescript } from '../support/command.ts'
import { startRedisCluster, startSentinel } from '../support/redis.ts'

/** Longer than the time limit of the story itself. */
const testTimeoutMs = 90_000

async function roam(env: { [option: string]: string }): Promise<void> {
  const { code, stdout, stderr } = await run(typescript('examples/roam.ts'), [], env)
  expect(stderr).toBe('')
  expect(stdout).toMatch(/node a is killed with SIGKILL/)
  expect(stdout).toMatch(/node b has exited with code 0/)
  expect(stdout).toMatch(/0 lost, 0 duplicated, 0 out of order, and no participant was seen leaving\n$/)
  expect(code).toBe(0)
}

test('npm run roam completes on a Redis that it starts itself', () => roam({}), testTimeoutMs)

test(
  'npm run roam completes on Redis Cluster',
  async () => {
    const { urls, stop } = await startRedisCluster()
    try {
      await roam({ REDIS_URL: urls.join(), REDIS_MODE: 'cluster' })
    } finally {
      await stop()
    }
  },
  testTimeoutMs,
)

test(
  'npm run roam completes on Redis Sentinel',
  async () => {
    const { urls, name, stop } = await startSentinel()
    try {
      await roam({ REDIS_URL: urls.join(), REDIS_MODE: 'sentinel', REDIS_SENTINEL_NAME: name })
    } finally {
      await stop()
    }
  },
  testTimeoutMs,
)
