import { defineConfig } from 'vitest/config'

const suites = (...folders: string[]) => folders.map((folder) => `test/${folder}/**/*.test.ts`)

/**
 * Cluster tests that mostly wait, for leases and windows to end, for nodes to exit and for Redis to return: less than half a core
 * each. Those that need a quiet machine, because they send as much as two cores take or because their limits are tight, run alone.
 */
const waiting = [
  'broken-record',
  'clock-steps',
  'cut-off',
  'frozen-client',
  'half-open',
  'outages-*',
  'pause',
  'redis-ends',
  'redis-pause',
].map((name) => `test/cluster/${name}.test.ts`)

const shared = {
  environment: 'node' as const,
  setupFiles: ['test/support/setup.ts'],
  testTimeout: 30_000,
  hookTimeout: 60_000,
  retry: 0,
  // concurrent tests wait for the same time-out
  maxConcurrency: 20,
}

export default defineConfig({
  test: {
    globalSetup: ['test/support/redis-setup.ts', 'test/support/run-folder.ts'],
    projects: [
      {
        // some turn the clock by hand, which what another file left behind would feel
        test: { ...shared, name: 'unit', include: suites('unit', 'repo'), maxWorkers: 2, sequence: { groupOrder: 0 } },
      },
      {
        test: {
          ...shared,
          name: 'integration',
          include: suites('contract', 'integration'),
          maxWorkers: 2,
          // many small files: loading everything anew for each takes longer than the tests
          isolate: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // several nodes, proxies, a crowd: one file at a time, or two cores are too few
        test: {
          ...shared,
          name: 'deploy',
          include: suites('deploy'),
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...shared,
          name: 'browser',
          include: suites('browser'),
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          ...shared,
          name: 'cluster-waiting',
          include: waiting,
          maxWorkers: 3,
          sequence: { groupOrder: 4 },
        },
      },
      {
        test: {
          ...shared,
          name: 'cluster',
          include: suites('cluster'),
          exclude: waiting,
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
})
