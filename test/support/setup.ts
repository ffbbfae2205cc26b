import { afterAll, afterEach, expect } from 'vitest'
import { endAll } from './ends.ts'

afterEach(async ({ task }) => {
  const isOfCluster = expect.getState().testPath?.includes('/test/cluster/')
  try {
    if (isOfCluster && task.result?.state !== 'fail') await (await import('./ghosts.ts')).expectNoGhosts()
  } finally {
    await endAll('test')
  }
})
afterAll(() => endAll('file'))
