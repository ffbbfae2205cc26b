import { type Command, readArgs } from '../command.ts'
import { apiClientOf, apiOptions, apiUsage, segment } from '../management-client.ts'
import { requestInRoom } from '../room-lookup.ts'

export const kick: Command = {
  usage: `ROOM PARTICIPANT ${apiUsage}`,
  summary: 'drops a participant, given by its id, from a room',
  async run(args, shell) {
    const { values, given } = readArgs(args, apiOptions, ['ROOM', 'PARTICIPANT'])
    const api = apiClientOf(shell, values)
    await requestInRoom(api, 'DELETE', given.ROOM, `/participants/${segment(given.PARTICIPANT)}`)
    api.printResult(`${given.PARTICIPANT} was dropped from ${given.ROOM}`, { dropped: given.PARTICIPANT })
  },
}
