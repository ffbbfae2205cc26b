import { expect } from 'vitest'
import { EntryRecorder, text } from './bench.ts'
import type { Contract } from './contract.ts'
import { camera, streamNews } from './samples.ts'

/** Live entries: `PubSub`. */
export function describePubSub({ open, openOwn, test, sharedTest }: Contract): void {
  test('a subscriber receives every entry that is appended later, as the log has it', async () => {
    const bench = await open()
    const participant = await bench.join()
    const recorder = new EntryRecorder()
    await bench.other.pubSub.subscribe(bench.room, recorder.onEntry)
    await bench.append(participant, { data: { text: 'Ü 🎧', none: [], empty: {} }, to: participant.id, once: true })
    await bench.store.media.addStream(participant.write(), camera(participant.id), [
      streamNews(camera(participant.id), 'add'),
    ])
    const other = await bench.join()
    await bench.store.log.appendFromServer(bench.room, text())
    await bench.store.sessionStore.leave(bench.room, other.id, 'any')
    expect(await recorder.first(5)).toEqual(await bench.log(1))
  })

  test('an entry that is appended after subscribe has resolved arrives', async () => {
    for (let round = 0; round < 10; round += 1) {
      const bench = await open()
      const participant = await bench.join()
      const recorder = new EntryRecorder()
      await bench.other.pubSub.subscribe(bench.room, recorder.onEntry)
      await bench.append(participant)
      expect(await recorder.first(1)).toHaveLength(1)
      await bench.other.pubSub.unsubscribe(bench.room)
    }
  })

  test('a node can subscribe to a room that does not exist yet', async () => {
    const bench = await open()
    const recorder = new EntryRecorder()
    await bench.other.pubSub.subscribe(bench.room, recorder.onEntry)
    await bench.join()
    expect(await recorder.first(1)).toEqual(await bench.log())
  })

  test('a node receives the entries of the rooms that it subscribes to, and no others', async () => {
    const bench = await open()
    const [loud, quiet] = [new EntryRecorder(), new EntryRecorder()]
    const elsewhere = bench.anotherRoom()
    await bench.store.pubSub.subscribe(bench.room, loud.onEntry)
    await bench.store.pubSub.subscribe(elsewhere.room, quiet.onEntry)
    await bench.join()
    await bench.join()
    await elsewhere.join()
    expect((await loud.first(2)).map(({ seq }) => seq)).toEqual([1, 2])
    expect((await quiet.first(1)).map(({ seq }) => seq)).toEqual([1])
  })

  test('nothing arrives after unsubscribe, until the next subscribe', async () => {
    const bench = await open()
    const participant = await bench.join()
    const recorder = new EntryRecorder()
    await bench.store.pubSub.subscribe(bench.room, recorder.onEntry)
    await bench.append(participant)
    await recorder.first(1)
    await bench.store.pubSub.unsubscribe(bench.room)
    await bench.store.pubSub.unsubscribe(bench.room)
    await bench.append(participant)
    await bench.store.pubSub.subscribe(bench.room, recorder.onEntry)
    await bench.append(participant)
    expect((await recorder.first(2)).map(({ seq }) => seq)).toEqual([2, 4])
  })

  test('a second subscribe of the same node replaces the first', async () => {
    const bench = await open()
    const participant = await bench.join()
    const [before, after] = [new EntryRecorder(), new EntryRecorder()]
    await bench.store.pubSub.subscribe(bench.room, before.onEntry)
    await bench.store.pubSub.subscribe(bench.room, after.onEntry)
    await bench.append(participant)
    expect(await after.first(1)).toHaveLength(1)
    expect(before.entries).toEqual([])
  })

  test('a change of the data by its sender does not change the log', async () => {
    const bench = await openOwn()
    const participant = await bench.join()
    const data = { list: [1] }
    await bench.append(participant, { data })
    data.list.push(2)
    expect((await bench.log(1))[0]?.data).toEqual({ list: [1] })
  })

  sharedTest('every node that subscribes receives the entries', async () => {
    const bench = await open()
    const [here, there] = [new EntryRecorder(), new EntryRecorder()]
    await bench.store.pubSub.subscribe(bench.room, here.onEntry)
    await bench.other.pubSub.subscribe(bench.room, there.onEntry)
    const participant = await bench.join()
    await bench.store.log.append(participant.write(), text())
    await bench.other.log.append(participant.write(), text())
    const log = await bench.log()
    expect(await here.first(3)).toEqual(log)
    expect(await there.first(3)).toEqual(log)
    await bench.store.pubSub.unsubscribe(bench.room)
    await bench.append(participant)
    expect(await there.first(4)).toHaveLength(4)
    expect(here.entries).toHaveLength(3)
  })
}
