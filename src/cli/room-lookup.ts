import { CommandError } from './command.ts'
import { type ApiClient, RefusedError, segment } from './management-client.ts'

type RoomListing = { _id: string; name: string }

/** The code of the API for a room that it does not have. */
const noSuchRoom = 1003
/** How many rooms one page has, and how many pages are searched for a name. */
const pageRooms = 1000
const maxPages = 20

/**
 * Asks for a room by its `_id`, and if there is no such room by the name that it was made with: `POST /v1/rooms` gives a room an
 * `_id` of its own.
 * @param path below the room
 * @throws CommandError if several rooms have the name, with their ids
 */
export async function askInRoom(
  client: ApiClient,
  method: string,
  room: string,
  path: string,
  body?: object,
): Promise<unknown> {
  const ask = (id: string) => client.ask(method, `/v1/rooms/${segment(id)}${path}`, body)
  try {
    return await ask(room)
  } catch (error) {
    if (!(error instanceof RefusedError) || error.code !== noSuchRoom) throw error
    const ids = await idsOf(client, room)
    if (ids.length > 1)
      throw new CommandError(`Several rooms have the name ${room}. Use one of their ids: ${ids.join(', ')}`)
    const [id] = ids
    if (id === undefined) throw error
    return ask(id)
  }
}

/** The ids of the rooms that have a name. */
async function idsOf(client: ApiClient, name: string): Promise<string[]> {
  const ids: string[] = []
  for (let page = 1; page <= maxPages; page += 1) {
    const rooms = (await client.ask('GET', `/v1/rooms?page=${page}&per_page=${pageRooms}`)) as RoomListing[]
    if (rooms.length === 0) break
    ids.push(...rooms.flatMap((room) => (room.name === name ? room._id : [])))
  }
  return ids
}
