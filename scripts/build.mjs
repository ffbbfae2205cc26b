// Builds dist/: the compiled TypeScript, the Lua scripts, and the client for pages. Skips the build when dist/ is newer than src/.
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { install, root, run } from './bootstrap.mjs'

const stamp = join(root, 'dist/.built')
const buildInputs = [
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'scripts/build.mjs',
  'scripts/build-client.mjs',
]

function newest(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .reduce((latest, file) => Math.max(latest, statSync(join(file.parentPath ?? file.path, file.name)).mtimeMs), 0)
}

export function build() {
  install()
  const inputs = Math.max(newest(join(root, 'src')), ...buildInputs.map((file) => statSync(join(root, file)).mtimeMs))
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= inputs) return
  console.error('Building…')
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'])
  mkdirSync(join(root, 'dist/state/redis/lua'), { recursive: true })
  cpSync(join(root, 'src/state/redis/lua'), join(root, 'dist/state/redis/lua'), { recursive: true })
  run(process.execPath, [join(root, 'scripts/build-client.mjs')], { stdio: ['ignore', 'ignore', 'inherit'] })
  chmodSync(join(root, 'dist/cli/main.js'), 0o755) // npm does this on installation; `npx signalbox` in a clone needs it too
  writeFileSync(stamp, '')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) build()
