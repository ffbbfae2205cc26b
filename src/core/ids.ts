import { randomUUID } from 'node:crypto'

/** A new random id in OWT's form: a version 4 UUID without dashes. */
export function newId(): string {
  return randomUUID().replaceAll('-', '')
}
