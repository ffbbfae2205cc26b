import { expect } from 'vitest'
import { Ears, text } from './bench.ts'
import type { Contract } from './contract.ts'
import { camera, streamNews } from './samples.ts'

/** The live side of the log: `listen`, `unlisten`. */
export function describePubSub({ open, fresh, test, sharedTest }: Contract): void {
  test('what is said after listening began is heard, as it is in the log', async () => {
    const bench = await open()
    const seated = await bench.join()
    const ears = new Ears()
    await bench.other.pubSub.subscribe(bench.room, ears.onEntry)
    await bench.say(seated, { data: { text: 'Ü 🎧', none: [], empty: {} }, to: seated.id, once: true })
    await bench.state.media.addStream(seated.write(), camera(seated.id), [streamNews(camera(seated.id), 'add')])
    const other = await bench.join()
    await bench.state.log.announce(bench.room, text())
    await bench.state.sessionStore.leave(bench.room, other.id, 'any')
    expect(await ears.count(5)).toEqual(await bench.log(1))
  })

  test('listening is confirmed before anything more is said', async () => {
    for (let round = 0; round < 10; round += 1) {
      const bench = await open()
      const seated = await bench.join()
      const ears = new Ears()
      await bench.other.pubSub.subscribe(bench.room, ears.onEntry)
      await bench.say(seated)
      expect(await ears.count(1)).toHaveLength(1)
      await bench.other.pubSub.unsubscribe(bench.room)
    }
  })

  test('one may listen before anybody is there', async () => {
    const bench = await open()
    const ears = new Ears()
    await bench.other.pubSub.subscribe(bench.room, ears.onEntry)
    await bench.join()
    expect(await ears.count(1)).toEqual(await bench.log())
  })

  test('only the rooms that are listened to are heard', async () => {
    const bench = await open()
    const [loud, quiet] = [new Ears(), new Ears()]
    const elsewhere = bench.anotherRoom()
    await bench.state.pubSub.subscribe(bench.room, loud.onEntry)
    await bench.state.pubSub.subscribe(elsewhere.room, quiet.onEntry)
    await bench.join()
    await bench.join()
    await elsewhere.join()
    expect((await loud.count(2)).map(({ seq }) => seq)).toEqual([1, 2])
    expect((await quiet.count(1)).map(({ seq }) => seq)).toEqual([1])
  })

  test('nothing is heard after listening ended, until it begins again', async () => {
    const bench = await open()
    const seated = await bench.join()
    const ears = new Ears()
    await bench.state.pubSub.subscribe(bench.room, ears.onEntry)
    await bench.say(seated)
    await ears.count(1)
    await bench.state.pubSub.unsubscribe(bench.room)
    await bench.state.pubSub.unsubscribe(bench.room)
    await bench.say(seated)
    await bench.state.pubSub.subscribe(bench.room, ears.onEntry)
    await bench.say(seated)
    expect((await ears.count(2)).map(({ seq }) => seq)).toEqual([2, 4])
  })

  test('who listens anew takes the place of who listened before', async () => {
    const bench = await open()
    const seated = await bench.join()
    const [before, after] = [new Ears(), new Ears()]
    await bench.state.pubSub.subscribe(bench.room, before.onEntry)
    await bench.state.pubSub.subscribe(bench.room, after.onEntry)
    await bench.say(seated)
    expect(await after.count(1)).toHaveLength(1)
    expect(before.heard).toEqual([])
  })

  test('what one listener does with an entry is nothing to the log', async () => {
    const bench = await fresh()
    const seated = await bench.join()
    const data = { list: [1] }
    await bench.say(seated, { data })
    data.list.push(2)
    expect((await bench.log(1))[0]?.data).toEqual({ list: [1] })
  })

  sharedTest('every node that listens hears', async () => {
    const bench = await open()
    const [here, there] = [new Ears(), new Ears()]
    await bench.state.pubSub.subscribe(bench.room, here.onEntry)
    await bench.other.pubSub.subscribe(bench.room, there.onEntry)
    const seated = await bench.join()
    await bench.state.log.append(seated.write(), text())
    await bench.other.log.append(seated.write(), text())
    const log = await bench.log()
    expect(await here.count(3)).toEqual(log)
    expect(await there.count(3)).toEqual(log)
    await bench.state.pubSub.unsubscribe(bench.room)
    await bench.say(seated)
    expect(await there.count(4)).toHaveLength(4)
    expect(here.heard).toHaveLength(3)
  })
}
