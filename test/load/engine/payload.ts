/** A message text that carries its sender and number and is as long as a real one. @param bytes its length, ASCII */
export function writePayload(from: string, number: number, bytes: number): string {
  const head = `${from} ${number} `
  return head.padEnd(bytes, 'x')
}

/** Undefined: no payload of this load test. */
export function readPayload(text: unknown): { from: string; number: number } | undefined {
  const [, from, number] = typeof text === 'string' ? (/^(\S+) (\d+) /.exec(text) ?? []) : []
  return from === undefined ? undefined : { from, number: Number(number) }
}
