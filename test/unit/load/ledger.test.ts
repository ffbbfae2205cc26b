import { beforeEach, expect, test } from 'vitest'
import { faultCounters } from '../../load/counters.ts'
import { Ledger } from '../../load/ledger.ts'

let now = 0
let ledger: Ledger
beforeEach(() => {
  now = 0
  ledger = new Ledger({ now: () => now, lateMs: 1000 })
  for (const user of ['ann', 'ben', 'cy']) ledger.loggedIn(user)
})

/** The counters that are not 0. */
const counts = () => Object.fromEntries(Object.entries(ledger.counts).filter(([, count]) => count > 0))
const faults = () => faultCounters.filter((fault) => ledger.counts[fault] > 0)

function deliver(number: number, ms = 5) {
  ledger.sent('ann', number, ['ben', 'cy'])
  now += ms
  ledger.acked('ann', number)
  for (const user of ['ben', 'cy']) ledger.received(user, 'ann', number)
}

test('a message that each receiver receives once is delivered and timed', () => {
  deliver(1)
  deliver(2, 20)
  for (const user of ['ann', 'ben', 'cy']) ledger.left(user)
  expect(counts()).toEqual({ sent: 2, acked: 2, delivered: 4, leaves: 3 })
  expect(ledger.times.delivery.count).toBe(4)
  expect(ledger.times.delivery.max).toBe(20)
  expect(ledger.times.ack.count).toBe(2)
})

test('a message that a leaving receiver has not received is lost once, with a sentence', () => {
  ledger.sent('ann', 1, ['ben', 'cy'])
  ledger.acked('ann', 1)
  ledger.received('ben', 'ann', 1)
  expect(ledger.undelivered()).toEqual(["cy has not received ann's message 1"])
  ledger.left('ben')
  ledger.left('cy')
  ledger.left('cy')
  expect(ledger.undelivered()).toEqual([])
  expect(counts()).toEqual({ sent: 1, acked: 1, delivered: 1, lost: 1, leaves: 2 })
  expect(ledger.incidents).toEqual(["cy did not receive ann's message 1, which was acked"])
  expect(ledger.state().pending).toBe(0)
})

test('a repeated receipt is duplicated, also after all receivers have the message', () => {
  deliver(1)
  ledger.received('ben', 'ann', 1)
  expect(ledger.counts.duplicated).toBe(1)
  expect(ledger.counts.delivered).toBe(2)
})

test('a message received after a later one is out of order', () => {
  ledger.sent('ann', 1, ['ben'])
  ledger.sent('ann', 2, ['ben'])
  ledger.received('ben', 'ann', 2)
  ledger.received('ben', 'ann', 1)
  expect(faults()).toEqual(['outOfOrder'])
})

test('a receipt counts as late only if its receiver stayed connected', () => {
  ledger.sent('ann', 1, ['ben', 'cy'])
  ledger.disconnected('cy')
  now += 1001
  ledger.resumed('cy')
  ledger.received('ben', 'ann', 1)
  ledger.received('cy', 'ann', 1)
  expect(counts()).toMatchObject({ delivered: 2, late: 1, caughtUp: 1, cuts: 1, returns: 1 })
  expect(ledger.times.delivery.count).toBe(1)
  expect(faults()).toEqual([])
})

test('a message of a disconnected sender is not timed', () => {
  ledger.disconnected('ann')
  deliver(1, 5000)
  ledger.sent('ben', 1, ['cy'])
  ledger.disconnected('ben') // not acked yet
  now += 5000
  ledger.received('cy', 'ben', 1)
  expect(counts()).toMatchObject({ delivered: 3, caughtUp: 3 })
  expect(ledger.counts.late).toBe(0)
})

test('no receiver has to receive a refused or withdrawn message', () => {
  ledger.sent('ann', 1, ['ben'])
  ledger.refused('ann', 1, 'too_many_requests')
  ledger.announced('dan', 0, ['ben', 'cy'], { timed: false })
  ledger.withdraw('dan', 0)
  for (const user of ['ben', 'cy']) ledger.left(user)
  expect(faults()).toEqual(['refused'])
})

test('a receipt is missing when a connected receiver has waited five times lateMs for it', () => {
  ledger.sent('ann', 1, ['ben', 'cy'])
  ledger.disconnected('cy')
  now += 4999
  expect(ledger.state()).toEqual({ users: 3, disconnected: 1, pending: 2, missing: 0 })
  now += 2
  expect(ledger.state()).toEqual({ users: 3, disconnected: 1, pending: 2, missing: 1 })
})

test('a user is settled when it has received all of its messages and all that it sent are acked', async () => {
  ledger.sent('ann', 1, ['ann', 'ben'])
  let settled: string[] = []
  const waits = ['ann', 'ben'].map((user) => ledger.whenSettled(user, 60_000).then(() => settled.push(user)))
  ledger.received('ann', 'ann', 1)
  ledger.received('ben', 'ann', 1)
  await waits[1]
  expect(settled).toEqual(['ben'])
  settled = []
  ledger.acked('ann', 1)
  await waits[0]
  expect(settled).toEqual(['ann'])
})

test('undelivered lists at most five pending receipts', () => {
  for (let number = 1; number <= 10; number += 1) ledger.sent('ann', number, ['ben', 'cy'])
  expect(ledger.undelivered()).toHaveLength(5)
  expect(ledger.state().pending).toBe(20)
})
