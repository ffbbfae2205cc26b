// Installs the dependencies of the lockfile in a fresh clone. Plain Node without imports from npm, because it runs before them.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** Runs a command in the project's folder and this terminal. If it fails, this process exits with its code. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options })
  if (error) {
    console.error(`Could not run ${command}: ${error.message}`)
    process.exit(1)
  }
  if (status !== 0) process.exit(status ?? 1)
}

/** Installs the dependencies if they are missing or not those of the lockfile. */
export function install() {
  const [major] = process.versions.node.split('.').map(Number)
  if (major < 20) {
    console.error(`Signalbox needs Node 20 or newer; this is ${process.version}.`)
    process.exit(1)
  }
  if (isInstalled()) return
  console.error('Installing dependencies…')
  run(process.platform === 'win32' ? 'npm.cmd' : 'npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

/** Compares npm's record of the installation, not file times: a checkout or a copy into an image makes the lockfile newer. */
function isInstalled() {
  const installedLock = join(root, 'node_modules/.package-lock.json')
  if (!existsSync(installedLock)) return false
  const installed = packagesOf(installedLock)
  const wanted = Object.entries(packagesOf(join(root, 'package-lock.json')))
  return wanted.every(
    ([path, { optional, integrity }]) => path === '' || optional || installed[path]?.integrity === integrity,
  )
}

function packagesOf(lockfile) {
  return JSON.parse(readFileSync(lockfile, 'utf8')).packages
}
