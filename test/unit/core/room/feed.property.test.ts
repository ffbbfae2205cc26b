import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Attachment, type Step, schedules, World } from './feed-model.ts'

const runs = { numRuns: 2000, ...(process.env.FC_SEED ? { seed: Number(process.env.FC_SEED) } : {}) }

async function play({ before, steps }: { before: number; steps: Step[] }): Promise<World> {
  const world = new World(before)
  for (const step of steps) await world.perform(step)
  await world.finish()
  return world
}

const seqs = (entries: { seq: number }[]) => entries.map(({ seq }) => seq)

/** The receiver got a prefix of the entries addressed to it, in order, once, and its position claims no more. */
function expectUnbroken(world: World, attachment: Attachment): void {
  expect(seqs(attachment.received)).toEqual(seqs(world.addressedTo(attachment)).slice(0, attachment.received.length))
  expect(attachment.afterEnd).toBe(0)
  const claimed = world.addressedTo(attachment).filter(({ seq }) => seq <= attachment.session.sentSeq)
  expect(seqs(attachment.received)).toEqual(seqs(claimed))
}

test('whatever pub/sub does, each receiver gets the entries addressed to it once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(schedules({ trims: false }), async (schedule) => {
      const world = await play(schedule)
      expect(world.feed.position).toBe(world.top)
      for (const attachment of world.attachments) {
        expectUnbroken(world, attachment)
        expect(attachment.wasLost).toBe(false)
        if (!attachment.ended) expect(seqs(attachment.received)).toEqual(seqs(world.addressedTo(attachment)))
      }
    }),
    runs,
  )
})

test('a receiver whose entries the log has trimmed is removed, never skipped silently', async () => {
  await fc.assert(
    fc.asyncProperty(schedules({ trims: true }), async (schedule) => {
      const world = await play(schedule)
      expect(world.feed.position).toBe(world.top)
      for (const attachment of world.attachments) {
        expectUnbroken(world, attachment)
        if (!attachment.ended && !attachment.wasLost)
          expect(seqs(attachment.received)).toEqual(seqs(world.addressedTo(attachment)))
      }
    }),
    runs,
  )
})
