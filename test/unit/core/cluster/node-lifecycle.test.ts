import { expect, test } from 'vitest'
import { NodeLifecycle } from '../../../../src/core/cluster/node-lifecycle.ts'

test('a node starts, is ready, drains and closes, in this order', () => {
  const lifecycle = new NodeLifecycle()
  const seen = [lifecycle.state]
  for (const state of ['ready', 'draining', 'closed'] as const) {
    lifecycle.advance(state)
    seen.push(lifecycle.state)
  }
  expect(seen).toEqual(['starting', 'ready', 'draining', 'closed'])
})

test('a state that has passed does not return', () => {
  const lifecycle = new NodeLifecycle()
  lifecycle.advance('draining')
  lifecycle.advance('ready')
  expect(lifecycle.state).toBe('draining')
})

test('a node that drains or is closed is ending, a node that starts or is ready is not', () => {
  const lifecycle = new NodeLifecycle()
  const ending = [lifecycle.isEnding]
  for (const state of ['ready', 'draining', 'closed'] as const) {
    lifecycle.advance(state)
    ending.push(lifecycle.isEnding)
  }
  expect(ending).toEqual([false, false, true, true])
})
