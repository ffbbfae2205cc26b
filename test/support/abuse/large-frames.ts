import { type Attacker, spaced } from './attacker.ts'
import { answer, many, member } from './connection.ts'

/** Frames of a megabyte from clients that are logged in, one after the other on each. Resolves to the number of refusals. */
export const largeFrames = ({ members, frames }: { members: number; frames: number }): Attacker<number> => ({
  name: `${spaced(members * frames)} frames of 1 MB by ${members} clients`,
  refusals: ['too_large'],
  start: async (target) => {
    const data = `["text",{"to":"all","message":"${'x'.repeat(1_000_000)}"}]`
    let refused = 0
    await many(members, members, async (index) => {
      const socket = await member(target, `large ${index}`, 'shouter')
      for (let frame = 1; frame <= frames; frame += 1) {
        const answered = answer(socket, `43${frame}[`)
        socket.send(`42${frame}${data}`)
        if ((await answered).includes('too_large')) refused += 1
      }
      socket.terminate()
    })
    return refused
  },
})
