import { expect, test } from 'vitest'
import { type Entry, isFor } from '../../../../src/core/model.ts'
import type { DeliveryTracker, SessionConnection } from '../../../../src/core/ports/connection.ts'
import { Feed } from '../../../../src/core/room/feed.ts'
import { Session } from '../../../../src/core/session/session.ts'

/** Entries are in flight until the test confirms them. */
class FakeTracker implements DeliveryTracker {
  oldest: number | undefined
  prompts = 0
  #progressed = () => {}

  sent(seq: number): void {
    this.oldest ??= seq
  }

  requestConfirmation(progressed: () => void): void {
    this.prompts += 1
    this.#progressed = progressed
  }

  arrived(oldest?: number): void {
    this.oldest = oldest
    this.#progressed()
  }

  end(): void {}
}

class FakeConnection implements SessionConnection {
  open = true
  firstHeld: number | undefined
  readonly delivered: [seq: number, live: boolean][] = []
  cuts = 0
  readonly sent = new FakeTracker()

  trackDelivery(): DeliveryTracker {
    return this.sent
  }

  onLost(): () => void {
    return () => {}
  }

  deliver(entry: Entry, live: boolean, inFlight?: DeliveryTracker): void {
    this.delivered.push([entry.seq, live])
    inFlight?.sent(entry.seq)
  }

  cut(): void {
    this.cuts += 1
  }

  close(): void {}
}

const entryOf = (seq: number, changes: Partial<Entry> = {}): Entry => ({
  seq,
  at: 0,
  event: 'text',
  data: seq,
  ...changes,
})
const media = { audio: true, video: true }

function sessionOn(log: Entry[], position: number, start: { deliverAfter: number; inDoubtUpTo?: number }) {
  const feed = new Feed(
    position,
    async (after) => log.filter(({ seq }) => seq > after),
    async () => {},
  )
  const line = new FakeConnection()
  const member = { id: 'ann', user: 'Ann', role: 'r', permission: { publish: media, subscribe: media }, profile: {} }
  const ref = { room: 'portal/r', id: 'ann', owner: 'A:7' }
  const token = { id: 't', seconds: 1 }
  const tickets = { previous: '', issued: ['ticket'] }
  const about = {
    dialect: 'portal',
    member,
    ref,
    token,
    tickets,
    ticketConfirmed: false,
    rid: 3,
    inDoubtUpTo: 0,
    ...start,
  }
  const session = new Session(about, line, feed)
  return { feed, line, session }
}

test('missed entries are delivered first, then live ones', async () => {
  const { feed, line, session } = sessionOn([entryOf(1), entryOf(2)], 2, { deliverAfter: 0 })
  expect(line.delivered).toEqual([])
  await session.startDelivery()
  feed.onEntry(entryOf(3))
  expect(line.delivered).toEqual([
    [1, false],
    [2, false],
    [3, true],
  ])
})

test('an at-most-once entry is omitted from a replay if the client may have received it', async () => {
  const log = [entryOf(1), entryOf(2, { once: true }), entryOf(3, { once: true })]
  const { line, session } = sessionOn(log, 3, { deliverAfter: 0, inDoubtUpTo: 2 })
  await session.startDelivery()
  expect(line.delivered.map(([seq]) => seq)).toEqual([1, 3])
})

test('a live session counts entries for other participants in its position', async () => {
  const { feed, session } = sessionOn([entryOf(1)], 1, { deliverAfter: 0 })
  expect(session.sentSeq).toBe(0)
  await session.startDelivery()
  feed.onEntry(entryOf(2, { to: 'bob' }))
  expect(isFor(entryOf(2, { to: 'bob' }), session.id)).toBe(false)
  expect(session.sentSeq).toBe(2)
})

test('an entry after the end does not move the position', async () => {
  const { feed, line, session } = sessionOn([], 0, { deliverAfter: 0 })
  await session.startDelivery()
  feed.onEntry(entryOf(1))
  expect([session.end(), session.end()]).toEqual([true, false])
  feed.onEntry(entryOf(2))
  expect(session.sentSeq).toBe(1)
  expect(line.delivered).toEqual([[1, true]])
})

test('an entry that a closing connection does not accept does not move the position', async () => {
  const { feed, line, session } = sessionOn([], 0, { deliverAfter: 0 })
  await session.startDelivery()
  feed.onEntry(entryOf(1))
  feed.onEntry(entryOf(2, { to: 'bob' }))
  line.open = false
  feed.onEntry(entryOf(3))
  feed.onEntry(entryOf(4))
  expect(session.sentSeq).toBe(2)
  session.end()
  expect(session.sentSeq).toBe(2)
  expect(line.delivered).toEqual([[1, true]])
})

test('an entry that waits for an ack does not count as sent', async () => {
  const { feed, line, session } = sessionOn([], 0, { deliverAfter: 0 })
  await session.startDelivery()
  feed.onEntry(entryOf(1))
  line.firstHeld = 2
  feed.onEntry(entryOf(2))
  feed.onEntry(entryOf(3))
  session.end()
  line.firstHeld = undefined
  expect(session.sentSeq).toBe(1)
})

test('a gap in the log cuts the connection, and the position stays before the gap', async () => {
  const { feed, line, session } = sessionOn([entryOf(5)], 5, { deliverAfter: 2 })
  await session.startDelivery()
  feed.onEntry(entryOf(6))
  expect(line.cuts).toBe(1)
  expect(session.sentSeq).toBe(2)
  session.end()
  expect(session.sentSeq).toBe(2)
})

test('every write has its own operation id, with the owner in it', () => {
  const { session } = sessionOn([], 0, { deliverAfter: 0 })
  const [one, two] = [session.nextWrite(), session.nextWrite({ rid: 4, reply: 'ok' })]
  expect(one).toMatchObject({ ref: session.ref })
  expect(two).toMatchObject({ rid: 4, reply: 'ok' })
  expect(one.op).toMatch(/^A:7\./)
  expect(two.op).not.toBe(one.op)
})

test('requests up to the highest recorded rid may have run', () => {
  const { session } = sessionOn([], 0, { deliverAfter: 0 })
  expect([session.mayHaveRun(3), session.mayHaveRun(4)]).toEqual([true, false])
  session.recordRid(4)
  session.recordRid(2)
  expect([session.mayHaveRun(4), session.mayHaveRun(5)]).toEqual([true, false])
})

test('halt stops delivery and resolves when the client has confirmed everything that was sent', async () => {
  const { feed, line, session } = sessionOn([entryOf(1), entryOf(2)], 2, { deliverAfter: 0 })
  await session.startDelivery()
  let level = false
  const halted = session.stopAndConfirm().then(() => {
    level = true
  })
  feed.onEntry(entryOf(3))
  line.sent.arrived(2)
  await Promise.resolve()
  expect(level).toBe(false)
  line.sent.arrived()
  await halted
  expect(line.delivered.map(([seq]) => seq)).toEqual([1, 2])
  expect(session.deliveryState).toEqual({ confirmed: 2, sent: 2 })
})

test('an entry that waits for an ack during halt counts as sent after the connection has sent it', async () => {
  const { line, session } = sessionOn([entryOf(1), entryOf(2)], 2, { deliverAfter: 0 })
  await session.startDelivery()
  line.sent.arrived()
  line.firstHeld = 2
  const halted = session.stopAndConfirm()
  expect(session.deliveryState).toEqual({ confirmed: 1, sent: 1 })
  line.firstHeld = undefined
  line.sent.arrived()
  await halted
  expect(session.deliveryState).toEqual({ confirmed: 2, sent: 2 })
})

test('a request prompts a confirmation only if entries are in flight', async () => {
  const { line, session } = sessionOn([entryOf(1)], 1, { deliverAfter: 0 })
  let progress = 0
  const prompt = () => session.requestConfirmation(() => (progress += 1))
  prompt()
  expect(line.sent.prompts).toBe(0)
  await session.startDelivery()
  prompt()
  line.sent.arrived()
  expect([line.sent.prompts, progress]).toEqual([1, 1])
  expect(session.nextWrite()).toMatchObject({ confirmed: 1 })
})
