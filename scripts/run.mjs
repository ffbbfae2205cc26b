// `node scripts/run.mjs FILE.ts …`: runs a TypeScript file of this project, also in a fresh clone.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root, run } from './bootstrap.mjs'
import { build } from './build.mjs'

build()
run(process.execPath, [
  '--import',
  pathToFileURL(join(root, 'node_modules/tsx/dist/loader.mjs')).href,
  ...process.argv.slice(2),
])
