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

/** What the routes work with. */
export type ApiServices = {
  management: Management
  queries: ManagementQueries
  writeToken: WriteToken
  /** To everyone who is connected, on every node. */
  announce: (text: string) => void
}

/** How one version of the API writes a stream. */
export type WriteStream = (stream: Stream) => StreamBody

const RoomParam = { room: Type.String({ description: 'its name; `dialect:name` outside the portal' }) }
export const RoomParams = Type.Object(RoomParam)
export const ItemParams = Type.Object({ ...RoomParam, id: Type.String() })

/** What any route may answer. */
export const failures = { '4xx': ErrorBody, '5xx': ErrorBody }

export async function roomAt({ queries }: ApiServices, address: string): Promise<FoundRoom> {
  const room = await queries.room(roomOfAddress(address))
  if (!room) throw new ApiError(404, 'room', 'Room not found')
  return room
}

export async function roomIdAt(services: ApiServices, address: string): Promise<RoomId> {
  return (await roomAt(services, address)).id
}

/** A page of a list that is at hand; all of it when nobody asks for pages. */
export function pageOf<T>(list: T[], { page = 1, per_page }: Paging): T[] {
  return per_page === undefined ? list : list.slice((page - 1) * per_page, page * per_page)
}
