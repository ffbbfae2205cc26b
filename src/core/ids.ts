import { randomUUID } from 'node:crypto'

/** A new id that nobody can guess, as OWT writes them: a version 4 UUID without its dashes. */
export function newId(): string {
  return randomUUID().replaceAll('-', '')
}
