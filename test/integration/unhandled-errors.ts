import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import type { TestNode } from '../support/node.ts'

/**
 * Fails a test during which an error occurred that no input of a client may cause: an unhandled rejection, an uncaught exception,
 * an error in the node's log, or a change of Object.prototype.
 * @returns the list of errors, to which tests add their own
 */
export function watchUnhandledErrors({ logs }: TestNode): unknown[] {
  const errors: unknown[] = []
  const record = (error: unknown) => errors.push(error)
  beforeAll(() => {
    process.on('unhandledRejection', record)
    process.on('uncaughtExceptionMonitor', record)
  })
  afterAll(() => {
    process.off('unhandledRejection', record)
    process.off('uncaughtExceptionMonitor', record)
  })
  afterEach(() => {
    expect(errors).toEqual([])
    expect(logs.lines.filter(({ level }) => level >= 50)).toEqual([])
    expect(Object.prototype).not.toHaveProperty('polluted')
  })
  return errors
}
