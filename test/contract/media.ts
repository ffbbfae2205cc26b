import { expect } from 'vitest'
import { refuses, text } from './bench.ts'
import type { Contract } from './contract.ts'
import { camera, streamNews, subscriptionRemoved, viewing } from './samples.ts'

/** Streams and subscriptions: `MediaStore`. */
export function describeMedia({ open, test }: Contract): void {
  test('addStream stores the stream and appends its notifications', async () => {
    const bench = await open()
    const participant = await bench.join()
    const stream = camera(participant.id)
    const notifications = [streamNews(stream, 'add'), text({ event: 'progress', to: participant.id })]
    await bench.store.media.addStream(participant.write(), stream, notifications)
    expect(await bench.other.media.streams(bench.room, ['nothing', stream.id])).toEqual([undefined, stream])
    expect(await bench.other.media.streams(bench.room, [])).toEqual([])
    expect(await bench.log(1)).toEqual(notifications.map((draft, index) => ({ ...draft, seq: index + 2 })))
  })

  test('addStream refuses an id that exists', async () => {
    const bench = await open()
    const [participant, other] = [await bench.join(), await bench.join()]
    const stream = camera(participant.id)
    await bench.store.media.addStream(participant.write(), stream, [])
    const thief = { ...stream, owner: other.id }
    await refuses(bench.store.media.addStream(other.write(), thief, [text()]), 'stream_exists')
    expect(await bench.store.media.streams(bench.room, [stream.id])).toEqual([stream])
    expect(await bench.log()).toHaveLength(2)
  })

  test('of simultaneous streams, a room accepts no more than its input limit', async () => {
    const bench = await open()
    await bench.store.rooms.configure(bench.room, { inputLimit: 2 })
    const participant = await bench.join()
    const nodes = [bench.store, bench.other]
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, (_, n) =>
        nodes[n % 2]?.media.addStream(participant.write(), camera(participant.id), [text()]),
      ),
    )
    const refused = results.flatMap((result) => (result.status === 'rejected' ? result.reason : []))
    expect(refused).toHaveLength(3)
    for (const reason of refused) expect(reason).toMatchObject({ code: 'too_many_inputs' })
    const { streams } = await bench.store.roster.roster(bench.room)
    expect(streams).toHaveLength(2)
    expect(await bench.log()).toHaveLength(3)
    await bench.store.media.removeStream(participant.write(), streams[0]?.id ?? '', [])
    await bench.store.media.addStream(participant.write(), camera(participant.id), [])
  })

  test('an input limit of 0 accepts no stream, of -1 any number', async () => {
    const bench = await open()
    const participant = await bench.join()
    await bench.store.rooms.configure(bench.room, { inputLimit: 0 })
    await refuses(bench.store.media.addStream(participant.write(), camera(participant.id), []), 'too_many_inputs')
    await bench.store.rooms.configure(bench.room, { inputLimit: -1 })
    await bench.store.media.addStream(participant.write(), camera(participant.id), [])
  })

  test('changeStream replaces a stream that is as expected', async () => {
    const bench = await open()
    const participant = await bench.join()
    const stream = camera(participant.id)
    const changed = { ...stream, attributes: { paused: true } }
    await bench.store.media.addStream(participant.write(), stream, [])
    const [read = stream] = await bench.other.media.streams(bench.room, [stream.id])
    expect(
      await bench.other.media.changeStream(participant.write(), read, changed, [streamNews(stream, 'update')]),
    ).toBe(true)
    expect(await bench.store.media.streams(bench.room, [stream.id])).toEqual([changed])
    expect(await bench.log(1)).toEqual([{ ...streamNews(stream, 'update'), seq: 2 }])
  })

  test('changeStream resolves to false if the stream is not as expected, and the same write may try again', async () => {
    const bench = await open()
    const participant = await bench.join()
    const stream = camera(participant.id)
    const [one, two] = [
      { ...stream, attributes: { one: 1 } },
      { ...stream, attributes: { two: 2 } },
    ]
    await bench.store.media.addStream(participant.write(), stream, [])
    await bench.store.media.changeStream(participant.write(), stream, one, [])
    const write = participant.write({ rid: 1, reply: 'ok' })
    expect(await bench.store.media.changeStream(write, stream, two, [text()])).toBe(false)
    expect(await bench.store.media.streams(bench.room, [stream.id])).toEqual([one])
    expect(await bench.log()).toHaveLength(1)
    expect(await bench.store.log.replyTo(participant.ref, 1)).toBeUndefined()
    expect(await bench.store.media.changeStream(write, one, two, [])).toBe(true)
    expect(await bench.store.media.streams(bench.room, [stream.id])).toEqual([two])
    expect(await bench.store.log.replyTo(participant.ref, 1)).toEqual({ reply: 'ok' })
  })

  test('of two simultaneous changes exactly one takes effect', async () => {
    const bench = await open()
    const participant = await bench.join()
    const stream = camera(participant.id)
    await bench.store.media.addStream(participant.write(), stream, [])
    const outcomes = await Promise.all(
      [bench.store, bench.other].map(({ media }, n) =>
        media.changeStream(participant.write(), stream, { ...stream, attributes: { n } }, [text()]),
      ),
    )
    expect(outcomes.toSorted()).toEqual([false, true])
    expect(await bench.log()).toHaveLength(2)
  })

  test('a stream or subscription that does not exist is not changed', async () => {
    const bench = await open()
    const participant = await bench.join()
    const stream = camera(participant.id)
    const subscription = viewing(stream, participant.id)
    const { media } = bench.store
    expect(await media.changeStream(participant.write(), stream, stream, [text()])).toBe(false)
    expect(await media.changeSubscription(participant.write(), subscription, subscription, [text()])).toBe(false)
    expect((await bench.store.roster.roster(bench.room)).streams).toEqual([])
    expect(await media.subscription(bench.room, subscription.id)).toBeUndefined()
    expect(await bench.log()).toHaveLength(1)
  })

  test('removeStream removes the subscriptions to the stream, and notifies their subscribers first', async () => {
    const bench = await open()
    const [owner, viewer] = [await bench.join(), await bench.join()]
    const [stream, other] = [camera(owner.id), camera(owner.id)]
    const ended = viewing(stream, viewer.id, { streams: [other.id, stream.id] })
    const kept = viewing(other, viewer.id)
    const { media } = bench.store
    for (const published of [stream, other]) await media.addStream(owner.write(), published, [])
    for (const subscription of [ended, kept]) await media.addSubscription(viewer.write(), subscription, [])
    await media.removeStream(owner.write(), stream.id, [streamNews(stream, 'remove')])
    expect((await bench.store.roster.roster(bench.room)).streams).toEqual([other])
    expect(await media.subscription(bench.room, ended.id)).toBeUndefined()
    expect(await media.subscription(bench.room, kept.id)).toEqual(kept)
    expect(await bench.log(2)).toEqual([
      { ...subscriptionRemoved(ended, viewer.id), seq: 3 },
      { ...streamNews(stream, 'remove'), seq: 4 },
    ])
  })

  test('removeStream refuses a stream that does not exist', async () => {
    const bench = await open()
    const participant = await bench.join()
    await refuses(bench.store.media.removeStream(participant.write(), 'nothing', [text()]), 'no_such_stream')
    expect(await bench.log()).toHaveLength(1)
  })

  test('a subscription can be added, changed and removed', async () => {
    const bench = await open()
    const [owner, viewer] = [await bench.join(), await bench.join()]
    const subscription = viewing(camera(owner.id), viewer.id)
    const paused = { ...subscription, paused: ['audio' as const] }
    const { media } = bench.store
    const notifications = [text({ to: owner.id }), text({ to: viewer.id })]
    await media.addSubscription(viewer.write(), subscription, notifications)
    expect(await bench.other.media.subscription(bench.room, subscription.id)).toEqual(subscription)
    await refuses(media.addSubscription(viewer.write(), subscription, notifications), 'subscription_exists')
    expect(await media.changeSubscription(viewer.write(), subscription, paused, notifications)).toBe(true)
    expect(await media.changeSubscription(viewer.write(), subscription, paused, notifications)).toBe(false)
    expect(await bench.other.media.subscription(bench.room, subscription.id)).toEqual(paused)
    await media.removeSubscription(viewer.write(), subscription.id, notifications)
    expect(await bench.other.media.subscription(bench.room, subscription.id)).toBeUndefined()
    await refuses(media.removeSubscription(viewer.write(), subscription.id, notifications), 'no_such_subscription')
    const thrice = [...notifications, ...notifications, ...notifications]
    expect(await bench.log(2)).toEqual(thrice.map((draft, index) => ({ ...draft, seq: index + 3 })))
  })

  test('a rid that was performed is refused as repeated in every other write', async () => {
    const bench = await open()
    const participant = await bench.join()
    const stream = camera(participant.id)
    const subscription = viewing(stream, participant.id)
    const { log, media } = bench.store
    await log.append(participant.write({ rid: 1 }), text())
    const again = () => participant.write({ rid: 1 })
    const attempts = [
      media.addStream(again(), stream, []),
      media.changeStream(again(), stream, stream, []),
      media.removeStream(again(), stream.id, []),
      media.addSubscription(again(), subscription, []),
      media.changeSubscription(again(), subscription, subscription, []),
      media.removeSubscription(again(), subscription.id, []),
    ]
    await Promise.all(attempts.map((attempt) => refuses(attempt, 'repeated')))
  })

  test('every write takes effect once, however often it is sent', async () => {
    const bench = await open()
    const participant = await bench.join()
    const stream = camera(participant.id)
    const changed = { ...stream, data: true }
    const subscription = viewing(stream, participant.id)
    const paused = { ...subscription, paused: ['video' as const] }
    const { media } = bench.store
    const notifications = [text()]
    const verbs = [
      media.addStream.bind(media, participant.write({ rid: 1, reply: 1 }), stream, notifications),
      media.changeStream.bind(media, participant.write({ rid: 2, reply: 2 }), stream, changed, notifications),
      media.addSubscription.bind(media, participant.write({ rid: 3, reply: 3 }), subscription, notifications),
      media.changeSubscription.bind(
        media,
        participant.write({ rid: 4, reply: 4 }),
        subscription,
        paused,
        notifications,
      ),
      media.removeSubscription.bind(media, participant.write({ rid: 5, reply: 5 }), subscription.id, notifications),
      media.removeStream.bind(media, participant.write({ rid: 6, reply: 6 }), stream.id, notifications),
    ]
    for (const [index, verb] of verbs.entries()) {
      expect(await verb()).toEqual(await verb())
      expect(await bench.log()).toHaveLength(index + 2)
      expect(await bench.store.log.replyTo(participant.ref, index + 1)).toEqual({ reply: index + 1 })
    }
  })
}
