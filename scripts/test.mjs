// `npm test`: every suite, on a fresh clone too. Arguments go to vitest; `--soak` runs the cluster suites for longer.
// The last line says how many tests passed and failed.
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
const chosen = process.argv.slice(2).filter((argument) => argument !== '--soak')
const folder = mkdtempSync(join(tmpdir(), 'signalbox-test-'))

// The cluster suites mostly wait, for leases to run out and for nodes to end: where there are cores enough, the others run
// meanwhile.
const cluster = ['--project=cluster*']
const all = [['--project=!cluster*'], cluster]
const lanes = soak ? [cluster] : chosen.length > 0 ? [[]] : all
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

/** What the second lane prints comes when it is done, so that it does not get mixed up. */
function sideBySide(lanes) {
  return Promise.all(lanes.map((args, lane) => run(args, lane === 0 ? 'inherit' : 'pipe')))
}

async function run(args, stdout) {
  const report = join(mkdtempSync(join(folder, 'lane-')), 'report.json')
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const child = spawn(
    process.execPath,
    [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args, ...chosen],
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

/** A file that could not be run, and a run that failed otherwise, count as one failure each. */
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
