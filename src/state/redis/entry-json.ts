import type { Draft, Entry } from '../../core/model.ts'

/** An entry as the scripts take it: JSON without its opening brace; they put its number and date in front. */
export function bodyOf(draft: Draft): string {
  return JSON.stringify(draft).slice(1)
}

export function parseEntry(text: string): Entry {
  return JSON.parse(text)
}
