// `npm test`: every suite, on a fresh clone too. Arguments go to vitest; `--soak` runs the cluster suites for longer.
// The last line says how many tests passed and failed.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './bootstrap.mjs'
import { build } from './build.mjs'
import { ensurePrograms } from './programs.mjs'

build()
ensurePrograms()

const soak = process.argv.includes('--soak')
const chosen = process.argv.slice(2).filter((argument) => argument !== '--soak')
const folder = mkdtempSync(join(tmpdir(), 'signalbox-test-'))
const report = join(folder, 'report.json')
const { status } = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    ...(soak ? ['--project=cluster'] : []),
    ...chosen,
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, ...(soak ? { SIGNALBOX_SOAK: '1' } : {}) } },
)
const { passed, failed, skipped } = count(report)
rmSync(folder, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exit(failed > 0 ? status || 1 : 0)

/** A file that could not be run, and a run that failed otherwise, count as one failure each. */
function count(report) {
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
