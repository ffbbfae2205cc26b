import { expect, test } from 'vitest'
import { Ledger } from '../../../examples/ledger.ts'

/** A ledger that received these texts, each with the next seq. */
function ledgerOf(texts: number[]): Ledger {
  const ledger = new Ledger()
  for (const [index, text] of texts.entries()) ledger.record(index + 1, text)
  return ledger
}

test.each([
  [[1, 2, 3], []],
  [[1, 3], ['1 lost: 2']],
  [[1, 2], ['1 lost: 3']],
  [[1, 2, 2, 3], ['1 duplicated: 2']],
  [[1, 3, 2], ['1 out of order: 2']],
  [
    [1, 2, 3, 1],
    ['1 duplicated: 1', '1 out of order: 1'],
  ],
])('a participant that received %j of three texts has the faults %j', (texts, faults) => {
  expect(ledgerOf(texts).faults(3)).toEqual(faults)
})

test('a seq that does not rise and a recorded incident are faults', () => {
  const ledger = ledgerOf([1, 2])
  ledger.record(2)
  ledger.incidents.push('bob left')
  expect(ledger.faults(2)).toEqual(['1 seq that does not rise: 2', 'bob left'])
})

test('received resolves when the text arrives, and at once when it has arrived already', async () => {
  const ledger = new Ledger()
  const received = ledger.received(2)
  ledger.record(1, 1)
  ledger.record(2, 2)
  await received
  await ledger.received(1)
  expect(ledger.lastText).toBe(2)
})
