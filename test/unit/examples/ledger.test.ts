import { expect, test } from 'vitest'
import { Ledger } from '../../../examples/ledger.ts'

/** A ledger in which these texts were noted, each with the next seq. */
function ledgerOf(texts: number[]): Ledger {
  const ledger = new Ledger()
  for (const [index, text] of texts.entries()) ledger.note(index + 1, text)
  return ledger
}

test.each([
  [[1, 2, 3], []],
  [[1, 3], ['1 lost: 2']],
  [[1, 2], ['1 lost: 3']],
  [[1, 2, 2, 3], ['1 doubled: 2']],
  [[1, 3, 2], ['1 out of order: 2']],
  [
    [1, 2, 3, 1],
    ['1 doubled: 1', '1 out of order: 1'],
  ],
])('of three texts %j were heard', (texts, faults) => {
  expect(ledgerOf(texts).faults(3)).toEqual(faults)
})

test('a seq that does not rise, and whatever else should not happen, is a fault', () => {
  const ledger = ledgerOf([1, 2])
  ledger.note(2)
  ledger.incidents.push('somebody left')
  expect(ledger.faults(2)).toEqual(['1 seq that does not rise: 2', 'somebody left'])
})

test('one may wait for a text, also after it was heard', async () => {
  const ledger = new Ledger()
  const heard = ledger.hears(2)
  ledger.note(1, 1)
  ledger.note(2, 2)
  await heard
  await ledger.hears(1)
  expect(ledger.lastText).toBe(2)
})
