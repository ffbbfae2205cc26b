import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunnerTestCase, RunnerTestSuite } from 'vitest'

/** The cases that a store is held to, and those for which it lacks the ability. Each is `group: title`. */
export type CaseCount = { held: string[]; lacking: string[] }

/** The cases that are registered beside the one that runs, in the suite of its store. */
export function registeredIn({ suite }: Readonly<RunnerTestCase>): string[] {
  return (suite?.tasks ?? []).flatMap((group) => (group.type === 'suite' ? namesIn(group) : []))
}

const namesIn = ({ name, tasks }: RunnerTestSuite): string[] => tasks.map((task) => `${name}: ${task.name}`)

/**
 * Notes the cases of a store for the test files that run after this one, which test the other stores.
 * @returns each difference from the stores that were noted before, as a sentence
 */
export function recordCases(runFolder: string, store: string, count: CaseCount): string[] {
  const folder = join(runFolder, 'contract')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${store}.json`)
  writeFileSync(`${file}.part`, JSON.stringify(count))
  renameSync(`${file}.part`, file) // the other worker reads whole files only
  const others = readdirSync(folder).filter((name) => name.endsWith('.json') && name !== `${store}.json`)
  return others.flatMap((name) => {
    const other: CaseCount = JSON.parse(readFileSync(join(folder, name), 'utf8'))
    return differences([store, count], [name.replace(/\.json$/, ''), other])
  })
}

/** What one of two stores is held to, or lacks by name, and the other is not. */
export function differences([one, its]: [string, CaseCount], [other, others]: [string, CaseCount]): string[] {
  const all = ({ held, lacking }: CaseCount) => [...held, ...lacking]
  const missing = (from: string[], wanted: string[]) => wanted.filter((name) => !from.includes(name))
  const sizes = all(its).length - all(others).length
  return [
    ...missing(all(its), all(others)).map((name) => `${one} is not held to ${name}`),
    ...missing(all(others), all(its)).map((name) => `${other} is not held to ${name}`),
    ...(sizes === 0 ? [] : [`${one} has ${all(its).length} cases, ${other} has ${all(others).length}`]),
  ]
}
