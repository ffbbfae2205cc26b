import { CommandError } from './command.ts'
import { type ApiClient, RefusedError, segment } from './management-client.ts'

type RoomListing = { _id: string; name: string }

/** The API's error code for a room that does not exist. */
const roomNotFoundCode = 1003
/** The rooms of one page, and how many pages this reads to find a name. */
const pageRooms = 1000
const maxPages = 20

/**
 * Sends a request for a room by its `_id`, or by its name if no room has this `_id`: `POST /v1/rooms` gives each room an `_id`.
 * @param path after that of the room
 * @throws CommandError if several rooms have the name, with their ids
 */
export async function requestInRoom(
  api: ApiClient,
  method: string,
  room: string,
  path: string,
  body?: object,
): Promise<unknown> {
  const request = (id: string) => api.request(method, `/v1/rooms/${segment(id)}${path}`, body)
  try {
    return await request(room)
  } catch (error) {
    if (!(error instanceof RefusedError) || error.code !== roomNotFoundCode) throw error
    const ids = await idsOf(api, room)
    if (ids.length > 1)
      throw new CommandError(`Several rooms have the name ${room}. Use one of their ids: ${ids.join(', ')}`)
    const [id] = ids
    if (id === undefined) throw error
    return request(id)
  }
}

/** The ids of the rooms that have a name. */
async function idsOf(api: ApiClient, name: string): Promise<string[]> {
  const ids: string[] = []
  for (let page = 1; page <= maxPages; page += 1) {
    const rooms = (await api.request('GET', `/v1/rooms?page=${page}&per_page=${pageRooms}`)) as RoomListing[]
    if (rooms.length === 0) break
    ids.push(...rooms.flatMap((room) => (room.name === name ? room._id : [])))
  }
  return ids
}
