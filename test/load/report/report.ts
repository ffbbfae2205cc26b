import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { page, type Report } from './page.ts'

/** @returns the path of the page */
export function writeReport(report: Report): string {
  const { out, scenario } = report.options
  mkdirSync(out, { recursive: true })
  const time = report.when.toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-')
  const path = join(out, `${scenario.name}-${time}.html`)
  writeFileSync(path, page(report))
  return path
}
