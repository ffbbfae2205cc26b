import { expect, test } from 'vitest'
import { selfTimesOf } from '../../../bench/harness/cpu-profile.ts'

const frame = (id: number, functionName: string, url = '', lineNumber = 0) => ({
  id,
  callFrame: { functionName, url, lineNumber },
})

const profile = {
  nodes: [
    frame(1, '(idle)'),
    frame(2, '(garbage collector)'),
    frame(3, 'send', 'file:///app/node_modules/@scope/pack/lib/a.js', 9),
    frame(4, '', 'file:///app/dist/core/room.js', 4),
    frame(5, 'writev', 'node:internal/stream', 1),
    frame(6, 'start', 'file:///app/dist/main.js', 0),
  ],
  samples: [6, 1, 2, 3, 4, 4, 5],
  timeDeltas: [100, 100, 10, 20, 30, 40, 50],
}

test('self times are summed by module and by function, without idle time and without the beginning', () => {
  const { modules, functions } = selfTimesOf(profile, 150)
  expect(Object.fromEntries(modules)).toEqual({
    '(garbage collector)': 10,
    '@scope/pack': 20,
    'dist/core/room.js': 70,
    'node:internal/stream': 50,
  })
  expect(Object.fromEntries(functions)).toEqual({
    '(garbage collector)': 10,
    'send  @scope/pack a.js:10': 20,
    'anonymous  dist/core/room.js room.js:5': 70,
    'writev  node:internal/stream stream:2': 50,
  })
})

test('with nothing to skip, the start of the process counts', () => {
  expect(selfTimesOf(profile, 0).modules.get('dist/main.js')).toBe(100)
})
