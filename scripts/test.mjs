// `npm test`: runs all suites, also in a fresh clone. Arguments go to vitest; `--soak` runs the cluster suites for longer.
// The last line of the output has the numbers of passed and failed tests.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { root } from './bootstrap.mjs'
import { build } from './build.mjs'
import { ensurePrograms } from './programs.mjs'

build()
ensurePrograms()

const soak = process.argv.includes('--soak')
const vitestArgs = process.argv.slice(2).filter((argument) => argument !== '--soak')
const folder = mkdtempSync(join(tmpdir(), 'signalbox-test-'))

// The cluster suites mostly wait for leases to expire and nodes to exit, so with four cores or more the other suites run
// at the same time.
const cluster = ['--project=cluster*']
const all = [['--project=!cluster*'], cluster]
const lanes = soak ? [cluster] : vitestArgs.length > 0 ? [[]] : all
const counts = await (availableParallelism() < 4 ? oneByOne : sideBySide)(lanes)
rmSync(folder, { recursive: true, force: true })

const sum = (of) => counts.reduce((total, count) => total + count[of], 0)
const [passed, failed, skipped] = [sum('passed'), sum('failed'), sum('skipped')]
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exit(failed > 0 ? 1 : 0)

async function oneByOne(lanes) {
  const counts = []
  for (const args of lanes) counts.push(await run(args, 'inherit'))
  return counts
}

/** Prints the output of the second lane at its end, so that the two do not mix. */
function sideBySide(lanes) {
  return Promise.all(lanes.map((args, lane) => run(args, lane === 0 ? 'inherit' : 'pipe')))
}

async function run(args, stdout) {
  const report = join(mkdtempSync(join(folder, 'lane-')), 'report.json')
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const child = spawn(
    process.execPath,
    [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args, ...vitestArgs],
    {
      cwd: root,
      stdio: ['inherit', stdout, 'inherit'],
      env: { ...process.env, ...(soak ? { SIGNALBOX_SOAK: '1', SIGNALBOX_STEPPING_CLOCK: '1' } : {}) },
    },
  )
  const printed = child.stdout ? text(child.stdout) : ''
  const [status] = await once(child, 'exit')
  process.stdout.write(await printed)
  return count(report, status)
}

/** Counts a file that could not run, and a run that failed without a failed test, as one failure each. */
function count(report, status) {
  try {
    const { testResults, numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(
      readFileSync(report, 'utf8'),
    )
    const isFailed = ({ status }) => status === 'failed'
    const broken = testResults.filter((file) => isFailed(file) && !file.assertionResults.some(isFailed)).length
    const failed = numFailedTests + broken
    const skipped = numPendingTests + numTodoTests
    return { passed: numPassedTests, failed: failed === 0 && status !== 0 ? 1 : failed, skipped }
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
}
