import { expect, test } from 'vitest'
import { endEach } from '../../../src/app/shutdown.ts'

test('endEach ends all parts in their order, also after a part that fails or does not end', async () => {
  const ended: string[] = []
  const failures: [string, string][] = []
  await endEach(
    [
      { what: 'first', end: async () => ended.push('first'), ms: 1000 },
      { what: 'throws', end: () => Promise.reject(new Error('broken')), ms: 1000 },
      {
        what: 'throws at once',
        end: () => {
          throw new Error('broken at once')
        },
        ms: 1000,
      },
      { what: 'hangs', end: () => new Promise(() => {}), ms: 10 },
      { what: 'last', end: () => ended.push('last'), ms: 1000 },
    ],
    (what, error) => failures.push([what, (error as Error).message]),
  )
  expect(ended).toEqual(['first', 'last'])
  expect(failures).toEqual([
    ['throws', 'broken'],
    ['throws at once', 'broken at once'],
    ['hangs', 'hangs did not end within 0.01 s'],
  ])
})
