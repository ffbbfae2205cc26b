import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunnerTestCase, RunnerTestSuite } from 'vitest'

/** The cases that run with a store, and those for which the store lacks the ability. Each is `group: title`. */
export type CaseCount = { held: string[]; lacking: string[] }

/** The cases that are registered in the same suite as the running case. */
export function registeredIn({ suite }: Readonly<RunnerTestCase>): string[] {
  return (suite?.tasks ?? []).flatMap((group) => (group.type === 'suite' ? namesIn(group) : []))
}

const namesIn = ({ name, tasks }: RunnerTestSuite): string[] => tasks.map((task) => `${name}: ${task.name}`)

/**
 * Records the cases of a store for the later test files, which test the other stores.
 * @returns a sentence for each difference from the stores that were recorded before
 */
export function recordCases(runFolder: string, store: string, count: CaseCount): string[] {
  const folder = join(runFolder, 'contract')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${store}.json`)
  writeFileSync(`${file}.part`, JSON.stringify(count))
  renameSync(`${file}.part`, file) // other workers read only complete files
  const others = readdirSync(folder).filter((name) => name.endsWith('.json') && name !== `${store}.json`)
  return others.flatMap((name) => {
    const other: CaseCount = JSON.parse(readFileSync(join(folder, name), 'utf8'))
    return differences([store, count], [name.replace(/\.json$/, ''), other])
  })
}

/** The cases that run with, or are lacking in, only one of two stores. */
export function differences([one, its]: [string, CaseCount], [other, others]: [string, CaseCount]): string[] {
  const all = ({ held, lacking }: CaseCount) => [...held, ...lacking]
  const missing = (from: string[], wanted: string[]) => wanted.filter((name) => !from.includes(name))
  const sizes = all(its).length - all(others).length
  return [
    ...missing(all(its), all(others)).map((name) => `${one} does not run ${name}`),
    ...missing(all(others), all(its)).map((name) => `${other} does not run ${name}`),
    ...(sizes === 0 ? [] : [`${one} has ${all(its).length} cases, ${other} has ${all(others).length}`]),
  ]
}
