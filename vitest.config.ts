import { defineConfig } from 'vitest/config'

const suites = (...folders: string[]) => folders.map((folder) => `test/${folder}/**/*.test.ts`)

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
    globalSetup: ['test/support/redis-setup.ts'],
    projects: [
      {
        // some turn the clock by hand, which what another file left behind would feel
        test: { ...shared, name: 'unit', include: suites('unit'), maxWorkers: 2, sequence: { groupOrder: 0 } },
      },
      {
        test: {
          ...shared,
          name: 'wire',
          include: suites('contract', 'wire'),
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
          name: 'ops',
          include: suites('ops'),
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
          name: 'cluster',
          include: suites('cluster'),
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
})
