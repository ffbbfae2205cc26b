import type { Draft, Entry } from '../../core/model.ts'

/** The body of an entry for the scripts: JSON without its opening brace. A script writes the number and the date before it. */
export function bodyOf(draft: Draft): string {
  return JSON.stringify(draft).slice(1)
}

export function parseEntry(text: string): Entry {
  return JSON.parse(text)
}
