import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CpuProfile, type SelfTimes, selfTimesOf } from './harness/cpu-profile.ts'

/**
 * `node scripts/run.mjs bench/self-time.ts FOLDER [seconds to skip] [lines]`: the self time of the processes whose profiles
 * `npm run bench -- --profile` has written into the folder, by module and by function. It skips the first seconds of each
 * process, which are its start; the default is 3.
 */
const [folder, skipSeconds = '3', lines = '30'] = process.argv.slice(2)
if (folder === undefined) {
  console.error('Usage: node scripts/run.mjs bench/self-time.ts FOLDER [seconds to skip] [lines]')
  process.exit(2)
}
const files = readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'))
if (files.length === 0) {
  console.error(`${folder} has no file that ends in .cpuprofile`)
  process.exit(1)
}

const total: SelfTimes = { modules: new Map(), functions: new Map() }
for (const name of files) {
  const profile = JSON.parse(readFileSync(join(folder, name), 'utf8')) as CpuProfile
  const { modules, functions } = selfTimesOf(profile, Number(skipSeconds) * 1e6)
  add(total.modules, modules)
  add(total.functions, functions)
}
const busy = [...total.modules.values()].reduce((sum, time) => sum + time, 0)
console.log(`${files.length} processes, ${(busy / 1e6).toFixed(2)} s busy`)
print('module', total.modules)
print('function', total.functions)

function add(sums: Map<string, number>, times: Map<string, number>): void {
  for (const [name, time] of times) sums.set(name, (sums.get(name) ?? 0) + time)
}

function print(heading: string, times: Map<string, number>): void {
  console.log(`\n   share        ms  ${heading}`)
  const sorted = [...times].toSorted(([, a], [, b]) => b - a).slice(0, Number(lines))
  for (const [name, time] of sorted) {
    const share = ((time / busy) * 100).toFixed(1)
    console.log(`${share.padStart(6)} %  ${(time / 1000).toFixed(0).padStart(8)}  ${name}`)
  }
}
