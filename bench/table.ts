import { readFileSync, writeFileSync } from 'node:fs'
import type { BenchReport } from './harness/report.ts'
import { tableIn, tablesOf } from './harness/table.ts'

/**
 * `npm run bench:table -- FILE.json …`: prints the figures of runs of `npm run bench` as Markdown. With
 * `--write DOCUMENT` it replaces the tables of a document, which stand between `<!-- bench -->` and `<!-- /bench -->`.
 */
const args = process.argv.slice(2)
const writeAt = args.indexOf('--write')
const document = writeAt < 0 ? undefined : args[writeAt + 1]
const files = writeAt < 0 ? args : args.filter((_, index) => index !== writeAt && index !== writeAt + 1)

if (files.length === 0 || (writeAt >= 0 && document === undefined)) {
  console.error('Usage: npm run bench:table -- FILE.json … [--write DOCUMENT.md]')
  process.exit(2)
}
const reports = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as BenchReport)
const tables = reports.map(tablesOf).join('\n\n')
if (document === undefined) console.log(tables)
else writeFileSync(document, tableIn(readFileSync(document, 'utf8'), tables))
