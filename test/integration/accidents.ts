import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import type { TestNode } from '../support/node.ts'

/**
 * Fails the test in which something happened that must not, whatever a client sends: a rejection or exception that
 * nobody catches, an error in the node's log, a change of what all objects inherit.
 * @returns where tests note accidents of their own
 */
export function watchAccidents({ logs }: TestNode): unknown[] {
  const accidents: unknown[] = []
  const note = (error: unknown) => accidents.push(error)
  beforeAll(() => {
    process.on('unhandledRejection', note)
    process.on('uncaughtExceptionMonitor', note)
  })
  afterAll(() => {
    process.off('unhandledRejection', note)
    process.off('uncaughtExceptionMonitor', note)
  })
  afterEach(() => {
    expect(accidents).toEqual([])
    expect(logs.lines.filter(({ level }) => level >= 50)).toEqual([])
    expect(Object.prototype).not.toHaveProperty('polluted')
  })
  return accidents
}
