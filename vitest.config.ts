import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const suites = (...folders: string[]) => folders.map((folder) => `test/${folder}/**/*.test.ts`)

const files = (folder: string, names: string[]) => names.map((name) => `test/${folder}/${name}.test.ts`)

/**
 * Cluster tests that mostly wait, for leases and windows to end, for nodes to exit and for Redis to return: less than a third of a
 * core each.
 */
const waiting = files('cluster', [
  'broken-record',
  'clock-steps',
  'cut-off-from-redis',
  'frozen-client',
  'half-open',
  'outages-*',
  'pause',
  'redis-ends',
  'redis-pause',
])

/** They take two cores: an attacker and its node, and calls whose video the processor renders. */
const alone = [...files('deploy', ['abuse']), ...files('browser', ['demo', 'demo-calls', 'demo-restart'])]

/** Within a group, the longest file begins first. Vitest knows only how long the files took before, and a fresh clone ran none. */
class LongestFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => /outages-\w+\.test\.ts$/.test(moduleId)
    const sorted = await super.sort(specifications)
    return [...sorted.filter(isLong), ...sorted.filter((specification) => !isLong(specification))]
  }
}

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
    sequence: { sequencer: LongestFirst },
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
          maxWorkers: 3,
          // many small files: loading everything anew for each takes longer than the tests
          isolate: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...shared,
          name: 'deploy',
          include: suites('deploy'),
          exclude: alone,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...shared,
          name: 'browser',
          include: suites('browser'),
          exclude: alone,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...shared,
          name: 'alone',
          include: alone,
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
          isolate: false,
          sequence: { groupOrder: 4 },
        },
      },
      {
        test: {
          ...shared,
          name: 'cluster',
          include: suites('cluster'),
          exclude: waiting,
          // they send as much as two cores take, or have tight limits
          maxWorkers: 1,
          fileParallelism: false,
          isolate: false,
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
})
