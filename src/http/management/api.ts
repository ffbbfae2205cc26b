import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import { Type } from 'typebox'
import type { Management } from '../../core/management/management.ts'
import type { ManagementQueries } from '../../core/management/queries.ts'
import type { RoomId, Stream } from '../../core/model.ts'
import type { FoundRoom } from '../../core/ports/room-store.ts'
import { ErrorBody, type Paging, type StreamBody } from '../../protocol/management.ts'
import { roomOfAddress } from '../../protocol/room-address.ts'
import { ApiError } from '../errors.ts'
import type { WriteToken } from '../tokens.ts'

export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

export type ApiServices = {
  management: Management
  queries: ManagementQueries
  writeToken: WriteToken
  /** Sends a text to every client of `/rooms` that is connected to any node. It may be lost. */
  announce: (text: string) => void
}

/** The stream in the media format of one version of the API. */
export type WriteStream = (stream: Stream) => StreamBody

const RoomParam = {
  room: Type.String({
    description: 'the name of the room; `dialect:name` for a room of another dialect than the portal',
  }),
}
export const RoomParams = Type.Object(RoomParam)
export const ItemParams = Type.Object({ ...RoomParam, id: Type.String() })

/** The error responses that every route may send. */
export const errorResponses = { '4xx': ErrorBody, '5xx': ErrorBody }

export const roomNotFound = () => new ApiError(404, 'room', 'Room not found')

/** @throws 404, unavailable */
export async function existingRoom({ queries }: ApiServices, address: string): Promise<FoundRoom> {
  const room = await queries.room(roomOfAddress(address))
  if (!room) throw roomNotFound()
  return room
}

export async function existingRoomId(services: ApiServices, address: string): Promise<RoomId> {
  return (await existingRoom(services, address)).id
}

/** The error for a participant or stream that was not found: 404 for its room, if the room does not exist either. */
export async function missingItem(services: ApiServices, room: string, notFound: () => ApiError): Promise<ApiError> {
  await existingRoomId(services, room)
  return notFound()
}

export const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)

/** The requested page of a list; the whole list if the request does not name a page size. */
export function pageOf<T>(list: T[], { page = 1, per_page }: Paging): T[] {
  return per_page === undefined ? list : list.slice((page - 1) * per_page, page * per_page)
}
