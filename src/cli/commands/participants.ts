import { type Command, readArgs } from '../command.ts'
import { apiClientOf, apiOptions, apiUsage } from '../management-client.ts'
import { requestInRoom } from '../room-lookup.ts'

type MediaFlags = { audio: boolean; video: boolean }
type ParticipantRow = { id: string; permission: { publish: MediaFlags; subscribe: MediaFlags } }

export const participants: Command = {
  usage: `ROOM ${apiUsage}`,
  summary: 'lists the participants of a room, given by its _id, or by its name if only one room has it',
  async run(args, shell) {
    const { values, given } = readArgs(args, apiOptions, ['ROOM'])
    const api = apiClientOf(shell, values)
    const participants = (await requestInRoom(api, 'GET', given.ROOM, '/participants')) as ParticipantRow[]
    const rows = values.json ? participants : participants.map(readable)
    api.printRows(rows, ['id', 'user', 'role', 'publish', 'subscribe'])
  },
}

function readable(participant: ParticipantRow) {
  const { publish, subscribe } = participant.permission
  return { ...participant, publish: kindsOf(publish), subscribe: kindsOf(subscribe) }
}

const kindsOf = ({ audio, video }: MediaFlags) => [audio ? 'audio' : [], video ? 'video' : []].flat().join('+') || '–'
