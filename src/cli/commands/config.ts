import { describeConfig } from '../../config/describe.ts'
import { readConfig } from '../../config/index.ts'
import { type Command, readOptions } from '../command.ts'

export const config: Command = {
  usage: '',
  summary: 'every option: name, value in force, default, meaning; secrets are masked',
  async run(args, { environment, print, warn }) {
    readOptions(args, {})
    for (const warning of readConfig(environment).warnings) warn(warning)
    const rows = describeConfig(environment).map((row) => [row.name, row.value || '–', row.default, row.meaning])
    for (const line of align([['NAME', 'VALUE', 'DEFAULT', 'MEANING'], ...rows])) print(line)
  },
}

/** Columns as wide as their widest cell; the last one is left ragged. */
function align(rows: string[][]): string[] {
  const widthOf = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0))
  const widths = rows[0]?.map((_, column) => widthOf(column)) ?? []
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
