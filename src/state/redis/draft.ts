import type { Draft, Entry } from '../../core/model.ts'

/** An entry as the scripts take it: JSON without its opening brace, `at` first; they put the number in front. */
export function bodyOf({ at, ...rest }: Draft): string {
  return JSON.stringify({ at, ...rest }).slice(1)
}

export function parseEntry(text: string): Entry {
  return JSON.parse(text)
}
