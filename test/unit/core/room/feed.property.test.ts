import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type SessionRecord, type Step, schedules, World } from './feed-model.ts'

const runs = { numRuns: 2000, ...(process.env.FC_SEED ? { seed: Number(process.env.FC_SEED) } : {}) }

async function play({ before, steps }: { before: number; steps: Step[] }): Promise<World> {
  const world = new World(before)
  for (const step of steps) await world.perform(step)
  await world.finish()
  return world
}

const seqs = (entries: { seq: number }[]) => entries.map(({ seq }) => seq)

/** In order, once, without a hole: the first so many of those that it should get; and it claims no more than those. */
function expectUnbroken(world: World, seat: SessionRecord): void {
  expect(seqs(seat.taken)).toEqual(seqs(world.meantFor(seat)).slice(0, seat.taken.length))
  expect(seat.tooMuch).toBe(0)
  const claimed = world.meantFor(seat).filter(({ seq }) => seq <= seat.session.sentSeq)
  expect(seqs(seat.taken)).toEqual(seqs(claimed))
}

test('whatever the live side does, everyone gets what is meant for it, in order, once', async () => {
  await fc.assert(
    fc.asyncProperty(schedules({ trims: false }), async (schedule) => {
      const world = await play(schedule)
      expect(world.feed.position).toBe(world.top)
      for (const seat of world.seats) {
        expectUnbroken(world, seat)
        expect(seat.wasLost).toBe(false)
        if (!seat.ended) expect(seqs(seat.taken)).toEqual(seqs(world.meantFor(seat)))
      }
    }),
    runs,
  )
})

test('where the log has forgotten, nobody is skipped in silence', async () => {
  await fc.assert(
    fc.asyncProperty(schedules({ trims: true }), async (schedule) => {
      const world = await play(schedule)
      expect(world.feed.position).toBe(world.top)
      for (const seat of world.seats) {
        expectUnbroken(world, seat)
        if (!seat.ended && !seat.wasLost) expect(seqs(seat.taken)).toEqual(seqs(world.meantFor(seat)))
      }
    }),
    runs,
  )
})
