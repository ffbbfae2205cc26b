import { expect, test } from 'vitest'
import { type Entry, isFor } from '../../../../src/core/model.ts'
import type { DeliveryTracker, SessionConnection } from '../../../../src/core/ports/connection.ts'
import { Feed } from '../../../../src/core/room/feed.ts'
import { Session } from '../../../../src/core/session/session.ts'

/** What was sent and has not arrived, until the test says so. */
class Sent implements DeliveryTracker {
  oldest: number | undefined
  prompts = 0
  #progressed = () => {}

  sent(seq: number): void {
    this.oldest ??= seq
  }

  prompt(progressed: () => void): void {
    this.prompts += 1
    this.#progressed = progressed
  }

  arrived(oldest?: number): void {
    this.oldest = oldest
    this.#progressed()
  }

  end(): void {}
}

class Line implements SessionConnection {
  open = true
  firstHeld: number | undefined
  readonly delivered: [seq: number, live: boolean][] = []
  cuts = 0
  readonly sent = new Sent()

  inFlight(): DeliveryTracker {
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

const say = (seq: number, changes: Partial<Entry> = {}): Entry => ({ seq, at: 0, event: 'text', data: seq, ...changes })
const media = { audio: true, video: true }

function sessionOn(log: Entry[], position: number, start: { from: number; sent?: number }) {
  const feed = new Feed(
    position,
    async (after) => log.filter(({ seq }) => seq > after),
    async () => {},
  )
  const line = new Line()
  const member = { id: 'ann', user: 'Ann', role: 'r', permission: { publish: media, subscribe: media }, profile: {} }
  const ref = { room: 'portal/r', id: 'ann', owner: 'A:7' }
  const token = { id: 't', seconds: 1 }
  const tickets = { previous: '', issued: ['ticket'] }
  const about = { dialect: 'portal', member, ref, token, tickets, ticketConfirmed: false, rid: 3, sent: 0, ...start }
  const session = new Session(about, line, feed)
  return { feed, line, session }
}

test('what was missed is delivered, then what is live', async () => {
  const { feed, line, session } = sessionOn([say(1), say(2)], 2, { from: 0 })
  expect(line.delivered).toEqual([])
  await session.startDelivery()
  feed.onEntry(say(3))
  expect(line.delivered).toEqual([
    [1, false],
    [2, false],
    [3, true],
  ])
})

test('an entry that is at most once is left out where it may have been seen', async () => {
  const log = [say(1), say(2, { once: true }), say(3, { once: true })]
  const { line, session } = sessionOn(log, 3, { from: 0, sent: 2 })
  await session.startDelivery()
  expect(line.delivered.map(([seq]) => seq)).toEqual([1, 3])
})

test('the cursor counts what is meant for others, once aboard', async () => {
  const { feed, session } = sessionOn([say(1)], 1, { from: 0 })
  expect(session.sentSeq).toBe(0)
  await session.startDelivery()
  feed.onEntry(say(2, { to: 'bob' }))
  expect(isFor(say(2, { to: 'bob' }), session.id)).toBe(false)
  expect(session.sentSeq).toBe(2)
})

test('what is said after the end does not move the cursor', async () => {
  const { feed, line, session } = sessionOn([], 0, { from: 0 })
  await session.startDelivery()
  feed.onEntry(say(1))
  expect([session.end(), session.end()]).toEqual([true, false])
  feed.onEntry(say(2))
  expect(session.sentSeq).toBe(1)
  expect(line.delivered).toEqual([[1, true]])
})

test('what a closing connection does not take any more does not move the cursor', async () => {
  const { feed, line, session } = sessionOn([], 0, { from: 0 })
  await session.startDelivery()
  feed.onEntry(say(1))
  feed.onEntry(say(2, { to: 'bob' }))
  line.open = false
  feed.onEntry(say(3))
  feed.onEntry(say(4))
  expect(session.sentSeq).toBe(2)
  session.end()
  expect(session.sentSeq).toBe(2)
  expect(line.delivered).toEqual([[1, true]])
})

test('what waits behind an ack was not handed over yet', async () => {
  const { feed, line, session } = sessionOn([], 0, { from: 0 })
  await session.startDelivery()
  feed.onEntry(say(1))
  line.firstHeld = 2
  feed.onEntry(say(2))
  feed.onEntry(say(3))
  session.end()
  line.firstHeld = undefined
  expect(session.sentSeq).toBe(1)
})

test('a hole in the log cuts the connection, and the cursor stays before it', async () => {
  const { feed, line, session } = sessionOn([say(5)], 5, { from: 2 })
  await session.startDelivery()
  feed.onEntry(say(6))
  expect(line.cuts).toBe(1)
  expect(session.sentSeq).toBe(2)
  session.end()
  expect(session.sentSeq).toBe(2)
})

test('every write is an operation of its own, by the owner of the place', () => {
  const { session } = sessionOn([], 0, { from: 0 })
  const [one, two] = [session.write(), session.write({ rid: 4, reply: 'ok' })]
  expect(one).toMatchObject({ ref: session.ref })
  expect(two).toMatchObject({ rid: 4, reply: 'ok' })
  expect(one.op).toMatch(/^A:7\./)
  expect(two.op).not.toBe(one.op)
})

test('requests up to the last one done were seen', () => {
  const { session } = sessionOn([], 0, { from: 0 })
  expect([session.mayHaveRun(3), session.mayHaveRun(4)]).toEqual([true, false])
  session.recordRid(4)
  session.recordRid(2)
  expect([session.mayHaveRun(4), session.mayHaveRun(5)]).toEqual([true, false])
})

test('a session that is halted hands over nothing more, and is level when all that it handed over has arrived', async () => {
  const { feed, line, session } = sessionOn([say(1), say(2)], 2, { from: 0 })
  await session.startDelivery()
  let level = false
  const halted = session.halt().then(() => {
    level = true
  })
  feed.onEntry(say(3))
  line.sent.arrived(2)
  await Promise.resolve()
  expect(level).toBe(false)
  line.sent.arrived()
  await halted
  expect(line.delivered.map(([seq]) => seq)).toEqual([1, 2])
  expect(session.deliveryState).toEqual({ confirmed: 2, sent: 2 })
})

test('what waits behind the ack of a request when its session is halted counts as handed over once it is sent', async () => {
  const { line, session } = sessionOn([say(1), say(2)], 2, { from: 0 })
  await session.startDelivery()
  line.sent.arrived()
  line.firstHeld = 2
  const halted = session.halt()
  expect(session.deliveryState).toEqual({ confirmed: 1, sent: 1 })
  line.firstHeld = undefined
  line.sent.arrived()
  await halted
  expect(session.deliveryState).toEqual({ confirmed: 2, sent: 2 })
})

test('a request of a client that has something in doubt asks for a proof, and no other request does', async () => {
  const { line, session } = sessionOn([say(1)], 1, { from: 0 })
  let progress = 0
  const prompt = () => session.prompt(() => (progress += 1))
  prompt()
  expect(line.sent.prompts).toBe(0)
  await session.startDelivery()
  prompt()
  line.sent.arrived()
  expect([line.sent.prompts, progress]).toEqual([1, 1])
  expect(session.write()).toMatchObject({ confirmed: 1 })
})
