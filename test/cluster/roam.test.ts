import { expect, test } from 'vitest'
import { run, typescript } from '../support/command.ts'
import { startRedisCluster, startSentinel } from '../support/redis.ts'

/** Longer than the story gives itself. */
const patience = 90_000

async function roam(env: { [option: string]: string }): Promise<void> {
  const { code, stdout, stderr } = await run(typescript('examples/roam.ts'), [], env)
  expect(stderr).toBe('')
  expect(stdout).toMatch(/node a is killed with SIGKILL/)
  expect(stdout).toMatch(/node b has ended by itself, exit code 0/)
  expect(stdout).toMatch(/0 lost, 0 doubled, 0 out of order, and nobody was seen leaving\n$/)
  expect(code).toBe(0)
}

test('the roam story, as a stranger runs it: with a Redis of its own', () => roam({}), patience)

test(
  'the roam story on Redis Cluster',
  async () => {
    const { urls, stop } = await startRedisCluster()
    try {
      await roam({ REDIS_URL: urls.join(), REDIS_MODE: 'cluster' })
    } finally {
      await stop()
    }
  },
  patience,
)

test(
  'the roam story on Redis Sentinel',
  async () => {
    const { urls, name, stop } = await startSentinel()
    try {
      await roam({ REDIS_URL: urls.join(), REDIS_MODE: 'sentinel', REDIS_SENTINEL_NAME: name })
    } finally {
      await stop()
    }
  },
  patience,
)
