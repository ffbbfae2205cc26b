import { afterAll, afterEach, expect } from 'vitest'
import { runCleanups } from './cleanup.ts'

afterEach(async ({ task }) => {
  const isOfCluster = expect.getState().testPath?.includes('/test/cluster/')
  try {
    if (isOfCluster && task.result?.state !== 'fail')
      await (await import('./stale-sessions.ts')).expectNoStaleSessions()
  } finally {
    await runCleanups('test')
  }
})
afterAll(() => runCleanups('file'))
