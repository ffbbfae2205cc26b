import { apiUsage, readApiArgs, segment } from './api.ts'
import type { Command } from './command.ts'

export const kick: Command = {
  usage: `ROOM PARTICIPANT ${apiUsage}`,
  does: 'drops a participant, by its id, on whichever node it is',
  async run(args, shell) {
    const { client, given } = readApiArgs(args, shell, ['ROOM', 'PARTICIPANT'])
    const [room, id] = [given.ROOM, given.PARTICIPANT].map(segment)
    await client.ask('DELETE', `/v1/rooms/${room}/participants/${id}`)
    client.say(`${given.PARTICIPANT} was dropped`, { dropped: given.PARTICIPANT })
  },
}
