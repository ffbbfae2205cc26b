/** What is said names its sender and its number, and is as long as a real one. */
export function writeLetter(from: string, number: number, bytes: number): string {
  const head = `${from} ${number} `
  return head.padEnd(bytes, 'x')
}

/** Undefined: it is not one of ours. */
export function readLetter(text: unknown): { from: string; number: number } | undefined {
  const [, from, number] = typeof text === 'string' ? (/^(\S+) (\d+) /.exec(text) ?? []) : []
  return from === undefined ? undefined : { from, number: Number(number) }
}
