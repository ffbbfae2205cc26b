/** Formats objects as lines: a heading, and columns as wide as their widest cell. Lines have no spaces at the end. */
export function tableOf(rows: object[], columns: string[]): string[] {
  const cells = rows.map((row) => columns.map((column) => cellOf(Reflect.get(row, column))))
  const lines = [columns.map((column) => column.toUpperCase()), ...cells]
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)))
  return lines.map((line) =>
    line
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** Replaces control characters: clients choose their names, and a name could move the cursor of the terminal. */
function cellOf(value: unknown): string {
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value ?? '')
  return text.replace(/\p{Cc}/gu, '�')
}
