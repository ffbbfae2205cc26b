import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { BenchReport } from '../../bench/harness/report.ts'
import { javascript, run } from '../support/command.ts'

/** `npm run bench` without npm. */
const bench = javascript('scripts/run.mjs')
const main = 'bench/main.ts'

test('a run writes the raw figures of every candidate and round, their medians, and their ratios to each peer', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-bench-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const json = join(folder, 'figures', 'bench.json')
  const profiles = join(folder, 'profiles')
  const args = ['login', '--where', 'connection=new', '--quick', '--rounds', '2', '--json', json]

  const { code, stdout, stderr } = await run(bench, [main, ...args, '--profile', profiles])
  expect(code, stderr).toBe(0)
  expect(stdout).toMatch(/^login: 2000 clients/m)
  expect(stdout).toMatch(/ Signalbox .* × classic adapter; .* × sharded adapter$/m)

  const report = JSON.parse(await readFile(json, 'utf8')) as BenchReport
  expect(report).toMatchObject({ rounds: 2, seconds: 1, quick: true, failures: [] })
  expect(report.command).toContain('npm run bench -- login')
  expect(report.versions).toMatchObject({ node: process.versions.node, 'socket.io': expect.any(String) })
  const [{ parameters, candidates } = { parameters: {}, candidates: [] }] = report.questions[0]?.cases ?? []
  expect(parameters).toEqual({ connection: 'new' })
  expect(candidates.map(({ name }) => name)).toEqual(['Signalbox', 'classic adapter', 'sharded adapter'])
  for (const { rounds, summary } of candidates) {
    expect(rounds).toHaveLength(2)
    for (const figure of ['rate', 'cpu', 'p50', 'p99']) {
      const values = rounds.map((round) => round[figure] ?? Number.NaN)
      expect(Math.min(...values)).toBeGreaterThan(0)
      expect(summary[figure]).toMatchObject({ min: Math.min(...values), max: Math.max(...values) })
    }
  }
  const [own, classic] = candidates
  const ratios = [0, 1].map((round) => (own?.rounds[round]?.cpu ?? 0) / (classic?.rounds[round]?.cpu ?? 0))
  expect(own?.ratios['classic adapter']?.cpu).toMatchObject({ min: Math.min(...ratios), max: Math.max(...ratios) })
  expect(Object.keys(own?.ratios ?? {})).toEqual(['classic adapter', 'sharded adapter'])

  const times = await run(bench, ['bench/self-time.ts', join(profiles, 'Signalbox'), '0'])
  expect(times.stdout).toMatch(/^2 processes, /)
  expect(times.stdout).toMatch(/ {2}socket\.io$/m)
}, 60_000)

test('wrong arguments end the run with exit code 2 and the usage', async () => {
  const { code, stderr } = await run(bench, [main, 'logins'])
  expect(code).toBe(2)
  expect(stderr).toMatch(/^Unknown question "logins"\n\nUsage: npm run bench/)
})
