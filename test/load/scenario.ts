import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

const folder = join(import.meta.dirname, 'scenarios')

/** The section `load` of a scenario's YAML, which the command reads; artillery reads the rest of the file. */
export type Scenario = {
  name: string
  path: string
  about: string
  /** Number of users at a time. Unset: users come and leave all the time. */
  users?: number
  rate: { default: number; max: number; means: string }
  storms?: { everySeconds: number }
}

export function readScenarios(): Scenario[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yml'))
    .map((file) => {
      const path = join(folder, file)
      const { load } = parse(readFileSync(path, 'utf8')) as { load: Omit<Scenario, 'name' | 'path'> }
      return { ...load, name: file.replace('.yml', ''), path }
    })
}
