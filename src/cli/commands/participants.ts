import type { Command } from '../command.ts'
import { apiUsage, readApiArgs } from '../management-client.ts'
import { askInRoom } from '../room-lookup.ts'

type Media = { audio: boolean; video: boolean }
type Participant = { id: string; permission: { publish: Media; subscribe: Media } }

export const participants: Command = {
  usage: `ROOM ${apiUsage}`,
  does: 'who is in a room: its _id, or its name if no other room has that',
  async run(args, shell) {
    const { client, given, values } = readApiArgs(args, shell, ['ROOM'])
    const found = (await askInRoom(client, 'GET', given.ROOM, '/participants')) as Participant[]
    const rows = values.json === true ? found : found.map(readable)
    client.show(rows, ['id', 'user', 'role', 'publish', 'subscribe'])
  },
}

function readable(participant: Participant) {
  const { publish, subscribe } = participant.permission
  return { ...participant, publish: kinds(publish), subscribe: kinds(subscribe) }
}

const kinds = ({ audio, video }: Media) => [audio ? 'audio' : [], video ? 'video' : []].flat().join('+') || '–'
