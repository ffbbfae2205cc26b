import { expect, test } from 'vitest'
import { guarded, inBackground } from '../../../src/core/background.ts'

const settled = () => new Promise((resolve) => setImmediate(resolve))
const throwIt = (error: unknown) => {
  throw error
}

/** Kinds of work that fail. */
const failing: [string, () => unknown][] = [
  ['throws', () => throwIt('no')],
  ['rejects', () => Promise.reject('no')],
  ['throws after an await', async () => throwIt(await 'no')],
  // biome-ignore lint/suspicious/noThenProperty: a thenable of a library
  ['is a thenable that throws', () => ({ then: () => throwIt('no') })],
]

test.each(failing)('background work that %s is reported and leaves no unhandled rejection', async (_how, work) => {
  const failures: unknown[] = []
  inBackground(work, (error) => failures.push(error))
  guarded<[string]>(work, (error, event) => void failures.push([error, event]))('event')
  await settled()
  expect(failures).toEqual(expect.arrayContaining(['no', ['no', 'event']]))
  expect(failures).toHaveLength(2)
})

test('background work whose report fails as well leaves no unhandled rejection', async () => {
  inBackground(() => throwIt('no'), throwIt)
  await settled()
})

test('background work runs up to its first await before inBackground returns', () => {
  const steps: string[] = []
  inBackground(async () => steps.push('work'), throwIt)
  steps.push('caller')
  expect(steps).toEqual(['work', 'caller'])
})
