import { beforeEach, expect, test } from 'vitest'
import { faults } from '../../load/counters.ts'
import { Ledger } from '../../load/ledger.ts'

let now = 0
let ledger: Ledger
beforeEach(() => {
  now = 0
  ledger = new Ledger({ now: () => now, lateMs: 1000 })
  for (const who of ['ann', 'ben', 'cy']) ledger.entered(who)
})

/** Only what is not 0. */
const counts = () => Object.fromEntries(Object.entries(ledger.counts).filter(([, count]) => count > 0))
const wrong = () => faults.filter((fault) => ledger.counts[fault] > 0)

function deliver(number: number, ms = 5) {
  ledger.sent('ann', number, ['ben', 'cy'])
  now += ms
  ledger.acked('ann', number)
  for (const who of ['ben', 'cy']) ledger.heard(who, 'ann', number)
}

test('what arrives once everywhere is right, and timed', () => {
  deliver(1)
  deliver(2, 20)
  for (const who of ['ann', 'ben', 'cy']) ledger.gone(who)
  expect(counts()).toEqual({ sent: 2, acked: 2, delivered: 4, leaves: 3 })
  expect(ledger.times.delivery.count).toBe(4)
  expect(ledger.times.delivery.max).toBe(20)
  expect(ledger.times.ack.count).toBe(2)
})

test('what somebody never hears is lost, once, with a sentence', () => {
  ledger.sent('ann', 1, ['ben', 'cy'])
  ledger.acked('ann', 1)
  ledger.heard('ben', 'ann', 1)
  expect(ledger.unheard()).toEqual(["cy has not heard ann's message 1"])
  ledger.gone('ben')
  ledger.gone('cy')
  ledger.gone('cy')
  expect(ledger.unheard()).toEqual([])
  expect(counts()).toEqual({ sent: 1, acked: 1, delivered: 1, lost: 1, leaves: 2 })
  expect(ledger.incidents).toEqual(["cy never heard ann's message 1, which was acked"])
  expect(ledger.standing().pending).toBe(0)
})

test('what comes again is doubled, also when nothing is waited for any more', () => {
  deliver(1)
  ledger.heard('ben', 'ann', 1)
  expect(ledger.counts.doubled).toBe(1)
  expect(ledger.counts.delivered).toBe(2)
})

test('what an earlier one overtakes is out of order', () => {
  ledger.sent('ann', 1, ['ben'])
  ledger.sent('ann', 2, ['ben'])
  ledger.heard('ben', 'ann', 2)
  ledger.heard('ben', 'ann', 1)
  expect(wrong()).toEqual(['outOfOrder'])
})

test('late is late only for those who were there all the time', () => {
  ledger.sent('ann', 1, ['ben', 'cy'])
  ledger.lostConnection('cy')
  now += 1001
  ledger.cameBack('cy')
  ledger.heard('ben', 'ann', 1)
  ledger.heard('cy', 'ann', 1)
  expect(counts()).toMatchObject({ delivered: 2, late: 1, caughtUp: 1, cuts: 1, returns: 1 })
  expect(ledger.times.delivery.count).toBe(1)
  expect(wrong()).toEqual([])
})

test('what its sender could not send at once says nothing of latency', () => {
  ledger.lostConnection('ann')
  deliver(1, 5000)
  ledger.sent('ben', 1, ['cy'])
  ledger.lostConnection('ben') // not acked yet
  now += 5000
  ledger.heard('cy', 'ben', 1)
  expect(counts()).toMatchObject({ delivered: 3, caughtUp: 3 })
  expect(ledger.counts.late).toBe(0)
})

test('what is refused or withdrawn is waited for by nobody', () => {
  ledger.sent('ann', 1, ['ben'])
  ledger.refused('ann', 1, 'too_many_requests')
  ledger.announced('dan', 0, ['ben', 'cy'], { timed: false })
  ledger.withdraw('dan', 0)
  for (const who of ['ben', 'cy']) ledger.gone(who)
  expect(wrong()).toEqual(['refused'])
})

test('missing is what those who are connected have waited for too long', () => {
  ledger.sent('ann', 1, ['ben', 'cy'])
  ledger.lostConnection('cy')
  now += 4999
  expect(ledger.standing()).toEqual({ users: 3, away: 1, pending: 2, missing: 0 })
  now += 2
  expect(ledger.standing()).toEqual({ users: 3, away: 1, pending: 2, missing: 1 })
})

test('one is settled when all has come and all is acked', async () => {
  ledger.sent('ann', 1, ['ann', 'ben'])
  let settled: string[] = []
  const waits = ['ann', 'ben'].map((who) => ledger.settled(who, 60_000).then(() => settled.push(who)))
  ledger.heard('ann', 'ann', 1)
  ledger.heard('ben', 'ann', 1)
  await waits[1]
  expect(settled).toEqual(['ben'])
  settled = []
  ledger.acked('ann', 1)
  await waits[0]
  expect(settled).toEqual(['ann'])
})

test('of much that is still to come, some is told', () => {
  for (let number = 1; number <= 10; number += 1) ledger.sent('ann', number, ['ben', 'cy'])
  expect(ledger.unheard()).toHaveLength(5)
  expect(ledger.standing().pending).toBe(20)
})
