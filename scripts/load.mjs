// `npm run load -- <scenario> …`: load on a cluster, on a fresh clone too. All in one process: a Ctrl-C is its own to handle.
import { build } from './build.mjs'

build()
const { register } = await import('tsx/esm/api')
register()
const [{ load }, { Mistake }] = await Promise.all([
  import('../test/load/load.ts'),
  import('../test/load/usage-error.ts'),
])
try {
  process.exitCode = await load(process.argv.slice(2), console.log)
} catch (error) {
  console.error(error instanceof Mistake ? error.message : error)
  process.exitCode = error instanceof Mistake ? error.exitCode : 1
}
// what a run that failed may have left open must not keep the command
process.exit()
