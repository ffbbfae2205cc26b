import { expect, onTestFinished, vi } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import type { Entry } from '../../src/core/model.ts'
import { until } from '../support/until.ts'
import { refuses, text } from './bench.ts'
import type { Contract } from './contract.ts'

/** The log of a room: `append`, `announce`, `read`, `heads`, `replyTo`. */
export function describeLog({ open, openOwn, test }: Contract): void {
  test('append gives every entry the next number', async () => {
    const bench = await open()
    const participant = await bench.join()
    expect([await bench.append(participant), await bench.append(participant), await bench.append(participant)]).toEqual(
      [2, 3, 4],
    )
  })

  test('read returns an entry as it was appended', async () => {
    const bench = await open()
    const { id, write } = await bench
      .join()
      .then((participant) => ({ id: participant.id, write: () => participant.write() }))
    const data = {
      text: 'Ü\u2028"\\\n\u0000 🎧',
      empty: {},
      none: [],
      nothing: null,
      big: 2 ** 53 - 1,
      tiny: -1e-7,
      7: true,
    }
    const drafts = [
      text({ data, from: id }),
      text({ data: null, to: id }),
      text({ event: 'progress', data: [], except: id, once: true }),
      text({ data: 0 }),
    ]
    for (const draft of drafts) await bench.store.log.append(write(), draft)
    expect(await bench.other.log.read(bench.room, 1, 100)).toEqual(
      drafts.map((draft, index) => ({ ...draft, seq: index + 2, at: expect.any(Number) })),
    )
  })

  test('two nodes append to one room without a gap in the numbers', async () => {
    const bench = await open()
    const [one, two] = [await bench.join(), await bench.join()]
    const seqs = await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        n % 2
          ? bench.store.log.append(one.write(), text({ data: n }))
          : bench.other.log.append(two.write(), text({ data: n })),
      ),
    )
    expect(seqs.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, n) => n + 3))
    const log = await bench.log(2)
    expect(log.map(({ seq }) => seq)).toEqual(Array.from({ length: 60 }, (_, n) => n + 3))
    for (const [n, seq] of seqs.entries()) expect(log[seq - 3]?.data).toBe(n)
  })

  test('append refuses a message to an absent participant, and appends nothing', async () => {
    const bench = await open()
    const [participant, gone] = [await bench.join(), await bench.join()]
    await bench.store.sessionStore.leave(bench.room, gone.id, 'any')
    const before = await bench.log()
    for (const to of ['nobody', gone.id]) {
      const attempt = bench.store.log.append(participant.write({ rid: 1, reply: 'ok' }), text({ to }))
      await expect(attempt).rejects.toMatchObject({ code: 'no_such_participant', detail: to })
    }
    expect(await bench.log()).toEqual(before)
    expect(await bench.store.log.replyTo(participant.ref, 1)).toBeUndefined()
  })

  test('append accepts a message to a waiting participant, and to the sender', async () => {
    const bench = await open()
    const [participant, waiting] = [await bench.join(), await bench.join()]
    await bench.store.sessionStore.detach(waiting.ref, 2)
    expect(await bench.append(participant, { to: waiting.id })).toBe(3)
    expect(await bench.append(participant, { to: participant.id })).toBe(4)
  })

  test('the same write sent twice is performed once, and has the same answer', async () => {
    const bench = await open()
    const participant = await bench.join()
    const write = participant.write({ rid: 1, reply: 'ok' })
    const answers = [await bench.store.log.append(write, text()), await bench.other.log.append(write, text())]
    expect(answers).toEqual([2, 2])
    expect(
      await Promise.all([1, 2, 3].map(() => bench.store.log.append(participant.write({ op: 'x' }), text()))),
    ).toEqual([3, 3, 3])
    expect(await bench.log()).toHaveLength(3)
  })

  test('a rid that was performed is refused as repeated in another write', async () => {
    const bench = await open()
    const participant = await bench.join()
    for (const rid of [1, 2, 3]) await bench.store.log.append(participant.write({ rid, reply: rid }), text())
    for (const rid of [3, 1]) {
      await refuses(bench.other.log.append(participant.write({ rid, reply: 'again' }), text()), 'repeated')
      expect(await bench.store.log.replyTo(participant.ref, rid)).toEqual({ reply: rid })
    }
    expect(await bench.log()).toHaveLength(4)
  })

  test('a request that was refused may be repeated after later requests', async () => {
    const bench = await open()
    const participant = await bench.join()
    await refuses(bench.store.log.append(participant.write({ rid: 1 }), text({ to: 'nobody' })), 'no_such_participant')
    await bench.store.log.append(participant.write({ rid: 2 }), text())
    expect(await bench.store.log.append(participant.write({ rid: 1, reply: 'late' }), text())).toBe(3)
    expect(await bench.store.log.replyTo(participant.ref, 1)).toEqual({ reply: 'late' })
    await refuses(bench.store.log.append(participant.write({ rid: 1 }), text()), 'repeated')
    expect(await bench.store.log.append(participant.write({ rid: 3 }), text())).toBe(4)
  })

  test('a rid whose reply the store has deleted is refused as repeated', async () => {
    const bench = await open()
    const participant = await bench.join()
    for (let rid = 2; rid <= 300; rid += 1) await bench.store.log.append(participant.write({ rid }), text())
    for (const rid of [1, 2, 300]) await refuses(bench.store.log.append(participant.write({ rid }), text()), 'repeated')
  })

  test('a refused request may be repeated until the hundredth rid after it, whatever the order of the others', async () => {
    const bench = await open()
    const participant = await bench.join()
    const [refused, overtaking] = [200, 299]
    const rids = Array.from({ length: overtaking }, (_, index) => index + 1)
    const others = rids.filter((rid) => rid !== refused && rid !== overtaking && rid > 100)
    for (const rid of [overtaking, ...others]) {
      await bench.store.log.append(participant.write({ rid, reply: rid }), text())
    }
    await bench.store.log.append(participant.write({ rid: refused, reply: refused }), text())
    for (const rid of [refused, overtaking]) {
      await refuses(bench.store.log.append(participant.write({ rid }), text()), 'repeated')
      expect(await bench.other.log.replyTo(participant.ref, rid)).toEqual({ reply: rid })
    }
  })

  test('a write that was refused does not count as performed', async () => {
    const bench = await open()
    const participant = await bench.join()
    const write = participant.write()
    await refuses(bench.store.log.append(write, text({ to: 'nobody' })), 'no_such_participant')
    await refuses(bench.store.log.append(write, text({ to: 'nobody' })), 'no_such_participant')
    expect(await bench.store.log.append(write, text())).toBe(2)
  })

  test('replyTo returns the acks of the last hundred requests on every node', async () => {
    const bench = await open()
    const [participant, other] = [await bench.join(), await bench.join()]
    for (let rid = 1; rid <= 300; rid += 1) {
      await bench.store.log.append(participant.write({ rid, reply: { rid } }), text())
    }
    const acks = await Promise.all(
      Array.from({ length: 100 }, (_, n) => bench.other.log.replyTo(participant.ref, 201 + n)),
    )
    expect(acks).toEqual(Array.from({ length: 100 }, (_, n) => ({ reply: { rid: 201 + n } })))
    expect(await bench.store.log.replyTo(participant.ref, 301)).toBeUndefined()
    expect(await bench.store.log.replyTo(participant.ref, 30)).toBeUndefined()
    expect(await bench.store.log.replyTo(other.ref, 300)).toBeUndefined()
    expect(await bench.store.log.replyTo({ ...participant.ref, id: newId() }, 1)).toBeUndefined()
  })

  test('an ack may be any JSON value, or undefined', async () => {
    const bench = await open()
    const participant = await bench.join()
    const replies = [null, '', 'a b', 0, { nested: [1, {}] }, undefined]
    for (const [index, reply] of replies.entries()) {
      await bench.store.log.append(participant.write({ rid: index + 1, reply }), text())
    }
    for (const [index, reply] of replies.entries()) {
      expect(await bench.store.log.replyTo(participant.ref, index + 1)).toEqual({ reply })
    }
  })

  test('announce numbers its entry like the others', async () => {
    const bench = await open()
    const participant = await bench.join()
    expect(await bench.store.log.appendFromServer(bench.room, text({ data: 'soon' }))).toBe(2)
    expect(await bench.store.log.appendFromServer(bench.room, text({ to: participant.id }))).toBe(3)
    expect(await bench.log(1)).toEqual([
      { ...text({ data: 'soon' }), seq: 2 },
      { ...text({ to: participant.id }), seq: 3 },
    ])
  })

  test('announce refuses a room that does not exist, and an absent addressee', async () => {
    const bench = await open()
    await refuses(bench.store.log.appendFromServer(bench.room, text()), 'no_such_participant')
    await bench.join()
    await refuses(bench.store.log.appendFromServer(bench.room, text({ to: 'nobody' })), 'no_such_participant')
    expect(await bench.log()).toHaveLength(1)
  })

  test('read returns a log page by page', async () => {
    const bench = await open()
    const participant = await bench.join()
    for (let n = 0; n < 6; n += 1) await bench.append(participant)
    const pages: Entry[][] = []
    for (let page = await read(0); page.length > 0; page = await read(pages.flat().length)) pages.push(page)
    function read(after: number) {
      return bench.other.log.read(bench.room, after, 3)
    }
    expect(pages.map((page) => page.map(({ seq }) => seq))).toEqual([[1, 2, 3], [4, 5, 6], [7]])
    expect(await read(99)).toEqual([])
    expect(await bench.store.log.read(bench.anotherRoom().room, 0, 3)).toEqual([])
  })

  test('heads returns the newest seq of each room, in order', async () => {
    const bench = await open()
    const [second, empty] = [bench.anotherRoom(), bench.anotherRoom()]
    await bench.append(await bench.join())
    await second.join()
    expect(await bench.other.log.heads([second.room, empty.room, bench.room])).toEqual([1, 0, 2])
    expect(await bench.store.log.heads([])).toEqual([])
  })

  test('a log keeps at least its maximum of entries, and drops the oldest', async () => {
    const entries = 100
    const bench = await openOwn({ entries })
    await bench.overflow(await bench.join(), entries)
    const log = await bench.log()
    const [oldest] = log
    expect(log.length).toBeGreaterThanOrEqual(entries)
    expect(oldest?.seq).toBeGreaterThan(1)
    expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => (oldest?.seq ?? 0) + index))
    expect(log.at(-1)?.seq).toBe(await bench.headSeq())
  })

  test('a log drops entries that are older than the retention time, and no others', async () => {
    const log = 0.6
    const bench = await openOwn({ log })
    const participant = await bench.join()
    /** When each entry was acked, by its seq. */
    const acked: number[] = []
    const oldest = async () => (await bench.log())[0]?.seq ?? 0
    await until(async () => {
      for (let n = 0; n < 64; n += 1) acked[await bench.append(participant)] = performance.now()
      const kept = await oldest()
      for (const [seq, when] of acked.entries())
        if (performance.now() - when < log * 1000) expect(seq).toBeGreaterThanOrEqual(kept)
      return kept > 64
    })
  })

  test('a node whose clock is ahead does not trim the log', async () => {
    const bench = await open()
    const participant = await bench.join()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 300_000 })
    onTestFinished(() => void vi.useRealTimers())
    for (let n = 0; n < 130; n += 1) await bench.append(participant)
    expect((await bench.log()).map(({ seq }) => seq)).toEqual(Array.from({ length: 131 }, (_, n) => n + 1))
  })

  test('the date of an entry is the store’s, whatever the node’s clock says', async () => {
    const bench = await open()
    const before = bench.store.clock.now(bench.room)
    const participant = await bench.join()
    vi.useFakeTimers({ toFake: ['Date'], now: 0 })
    onTestFinished(() => void vi.useRealTimers())
    await bench.append(participant)
    await bench.store.sessionStore.leave(bench.room, participant.id, 'any')
    const dates = (await bench.dates()).map((at) => at - before)
    expect(dates).toHaveLength(3)
    for (const date of dates) expect(Math.abs(date)).toBeLessThan(10_000)
  })
}
