import { expect, test } from 'vitest'
import { nextState, sessionStates, stateTriggers, transitions } from '../../../src/client/session-state.ts'

test('the table has a next state for every state and trigger', () => {
  expect(Object.keys(transitions).toSorted()).toEqual([...sessionStates].toSorted())
  for (const state of sessionStates) {
    expect(Object.keys(transitions[state]).toSorted()).toEqual([...stateTriggers].toSorted())
    for (const trigger of stateTriggers) expect(sessionStates).toContain(nextState(state, trigger))
  }
})

test('every state can be reached, and leads to closed when the session ends', () => {
  const reached = new Set<string>(['initialized'])
  for (let before = 0; before !== reached.size; ) {
    before = reached.size
    for (const state of sessionStates) {
      if (reached.has(state)) for (const trigger of stateTriggers) reached.add(nextState(state, trigger))
    }
  }
  expect([...reached].toSorted()).toEqual([...sessionStates].toSorted())
  for (const state of sessionStates) expect(nextState(state, 'ended')).toBe('closed')
})

test('login, lost connection, relogin and logout lead through the states', () => {
  const triggers = ['login', 'acked', 'lost', 'retry', 'lost', 'retry', 'acked', 'left'] as const
  const states: string[] = []
  triggers.reduce<(typeof sessionStates)[number]>((state, trigger) => {
    const next = nextState(state, trigger)
    states.push(next)
    return next
  }, 'initialized')
  const waiting = 'waiting_for_reconnecting'
  expect(states).toEqual([
    'connecting',
    'connected',
    waiting,
    'connecting',
    waiting,
    'connecting',
    'connected',
    'initialized',
  ])
})
