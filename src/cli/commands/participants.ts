import type { Command } from '../command.ts'
import { apiUsage, readApiArgs } from '../management-client.ts'
import { askInRoom } from '../room-lookup.ts'

type MediaFlags = { audio: boolean; video: boolean }
type ParticipantRow = { id: string; permission: { publish: MediaFlags; subscribe: MediaFlags } }

export const participants: Command = {
  usage: `ROOM ${apiUsage}`,
  summary: 'who is in a room: its _id, or its name if no other room has that',
  async run(args, shell) {
    const { client, given, values } = readApiArgs(args, shell, ['ROOM'])
    const found = (await askInRoom(client, 'GET', given.ROOM, '/participants')) as ParticipantRow[]
    const rows = values.json === true ? found : found.map(readable)
    client.show(rows, ['id', 'user', 'role', 'publish', 'subscribe'])
  },
}

function readable(participant: ParticipantRow) {
  const { publish, subscribe } = participant.permission
  return { ...participant, publish: kinds(publish), subscribe: kinds(subscribe) }
}

const kinds = ({ audio, video }: MediaFlags) => [audio ? 'audio' : [], video ? 'video' : []].flat().join('+') || '–'
