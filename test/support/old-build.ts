import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, renameSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inject } from 'vitest'
import { bundle } from './bundle.ts'

/**
 * The last commit before the internal names changed. Nodes that were built from it and nodes of this tree have to serve one
 * cluster, because a rolling update runs both at the same time.
 *
 * To move it forward, set it to the commit of the oldest release from which a rolling update to this tree has to work, for
 * example the tag of the release before. `entry` is the file that starts a node of that commit.
 */
export const oldCommit = '5afc589e8cca283e2a9755a9840ce27289bd2c62'
const entry = 'src/main.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

const git = (...args: string[]) =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()

/**
 * Why this tree cannot build the old commit: it is a tarball, or a clone without that part of the history. Undefined if it can.
 * @throws Error if the history is complete and does not contain the commit: the constant is wrong then
 */
export function whyNoOldBuild(): string | undefined {
  if (!existsSync(join(root, '.git'))) return 'there is no git history here'
  if (hasOldCommit()) return undefined
  if (git('rev-parse', '--is-shallow-repository') === 'true') {
    return `this shallow clone does not contain ${oldCommit}; git fetch --unshallow fetches it`
  }
  throw new Error(`${oldCommit} is no commit of this repository. Correct oldCommit in test/support/old-build.ts`)
}

function hasOldCommit(): boolean {
  try {
    git('cat-file', '-e', `${oldCommit}^{commit}`)
    return true
  } catch {
    return false
  }
}

/** The file that starts a node of the old commit. The first call of a run builds it, the others find it. */
export async function oldMain(): Promise<string> {
  const folder = join(inject('runFolder'), oldCommit)
  if (!existsSync(folder)) unpackInto(folder)
  const main = join(folder, 'main.mjs')
  await bundle(join(folder, entry), main)
  return main
}

function unpackInto(folder: string): void {
  const made = mkdtempSync(`${folder}-`)
  const archive = join(made, 'tree.tar')
  git('archive', '--output', archive, oldCommit)
  execFileSync('tar', ['-xf', archive, '-C', made])
  warnOfOtherDependencies(made)
  symlinkSync(join(root, 'node_modules'), join(made, 'node_modules'))
  try {
    renameSync(made, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error // otherwise another worker unpacked it meanwhile
  }
}

/** The old node runs with the packages of this tree, because a test installs none. */
function warnOfOtherDependencies(made: string): void {
  const [then, now] = [made, root].map(versionsOf)
  const { dependencies = {} }: Manifest = JSON.parse(readFileSync(join(made, 'package.json'), 'utf8'))
  const changed = Object.keys(dependencies).filter((name) => then?.[name] !== now?.[name])
  const some = changed.map((name) => `${name} ${now?.[name] ?? 'none'} instead of ${then?.[name]}`)
  if (some.length > 0) console.warn(`The node of the old commit runs with packages of this tree: ${some.join(', ')}`)
}

type Manifest = { dependencies?: { [name: string]: string } }
type Lockfile = { packages: { [path: string]: { version?: string } } }

function versionsOf(folder: string): { [name: string]: string | undefined } {
  const { packages }: Lockfile = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'))
  const entries = Object.entries(packages).map(([path, { version }]) => [path.replace(/^node_modules\//, ''), version])
  return Object.fromEntries(entries)
}
