// `npm run load -- <scenario> …`: load on a cluster, also from a fresh clone. It runs in this process so that it can handle Ctrl-C.
import { build } from './build.mjs'

build()
const { register } = await import('tsx/esm/api')
register()
const [{ load }, { UsageError }] = await Promise.all([
  import('../test/load/load.ts'),
  import('../test/load/usage-error.ts'),
])
try {
  process.exitCode = await load(process.argv.slice(2), console.log)
} catch (error) {
  console.error(error instanceof UsageError ? error.message : error)
  process.exitCode = error instanceof UsageError ? error.exitCode : 1
}
// handles that a failed run left open must not keep the process alive
process.exit()
