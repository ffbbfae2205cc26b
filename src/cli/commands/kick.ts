import type { Command } from '../command.ts'
import { apiUsage, readApiArgs, segment } from '../management-client.ts'
import { askInRoom } from '../room-lookup.ts'

export const kick: Command = {
  usage: `ROOM PARTICIPANT ${apiUsage}`,
  summary: 'drops a participant, by its id, on whichever node it is',
  async run(args, shell) {
    const { client, given } = readApiArgs(args, shell, ['ROOM', 'PARTICIPANT'])
    await askInRoom(client, 'DELETE', given.ROOM, `/participants/${segment(given.PARTICIPANT)}`)
    client.say(`${given.PARTICIPANT} was dropped`, { dropped: given.PARTICIPANT })
  },
}
