import { defineConfig } from 'vitest/config'

const suites = (...folders: string[]) => folders.map((folder) => `test/${folder}/**/*.test.ts`)

const shared = { environment: 'node' as const, testTimeout: 30_000, hookTimeout: 60_000, retry: 0 }

export default defineConfig({
  test: {
    globalSetup: ['test/support/redis-setup.ts'],
    projects: [
      {
        test: {
          ...shared,
          name: 'main',
          include: suites('unit', 'contract', 'wire'),
          maxWorkers: 2,
          // over a hundred small files: loading everything anew for each takes longer than the tests
          isolate: false,
          sequence: { groupOrder: 0 },
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
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...shared,
          name: 'browser',
          include: suites('browser'),
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...shared,
          name: 'cluster',
          include: suites('cluster'),
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
