import { Type } from 'typebox'
import type { StreamStatus } from '../../core/management/management.ts'
import { Paging, StreamBody, StreamPatch } from '../../protocol/management.ts'
import { roomOfAddress } from '../../protocol/room-address.ts'
import { ApiError } from '../errors.ts'
import {
  type Api,
  type ApiServices,
  byId,
  errorResponses,
  existingRoomId,
  ItemParams,
  missingItem,
  pageOf,
  RoomParams,
  type WriteStream,
} from './api.ts'

const tags = ['streams']
const notFound = () => new ApiError(404, 'stream', 'Stream not found')

const oneStream = { 200: StreamBody, ...errorResponses }

export function streams(api: Api, services: ApiServices, write: WriteStream): void {
  list(api, services, write)
  read(api, services, write)
  changeStatus(api, services, write)
  remove(api, services)
}

function list(api: Api, services: ApiServices, write: WriteStream): void {
  api.get(
    '/rooms/:room/streams',
    {
      schema: {
        tags,
        summary: 'Lists the streams of a room',
        params: RoomParams,
        querystring: Paging,
        response: { 200: Type.Array(StreamBody), ...errorResponses },
      },
    },
    async ({ params, query }) => {
      const published = await services.queries.streams(await existingRoomId(services, params.room))
      return pageOf(published.toSorted(byId), query).map(write)
    },
  )
}

function read(api: Api, services: ApiServices, write: WriteStream): void {
  api.get(
    '/rooms/:room/streams/:id',
    { schema: { tags, summary: 'Returns a stream', params: ItemParams, response: oneStream } },
    async ({ params }) => {
      const stream = await services.queries.stream(await existingRoomId(services, params.room), params.id)
      if (!stream) throw notFound()
      return write(stream)
    },
  )
}

function changeStatus(api: Api, services: ApiServices, write: WriteStream): void {
  api.patch(
    '/rooms/:room/streams/:id',
    {
      config: { invalid: () => 'Invalid request body' },
      schema: {
        tags,
        summary: 'Pauses or resumes the audio or video of a stream, and notifies every participant of the room',
        params: ItemParams,
        body: StreamPatch,
        response: oneStream,
      },
    },
    async ({ params, body, deadline }) => {
      const room = roomOfAddress(params.room)
      const stream = await services.management.controlStream(room, params.id, body.map(statusOf), deadline)
      if (!stream) throw await missingItem(services, params.room, notFound)
      return write(stream)
    },
  )
}

function remove(api: Api, services: ApiServices): void {
  api.delete(
    '/rooms/:room/streams/:id',
    {
      schema: {
        tags,
        summary: 'Removes a stream and the subscriptions to it',
        params: ItemParams,
        response: { 200: Type.String(), ...errorResponses },
      },
    },
    async ({ params, deadline }, reply) => {
      const removed = await services.management.removeStream(roomOfAddress(params.room), params.id, deadline)
      if (!removed) throw await missingItem(services, params.room, notFound)
      return reply.type('text/plain').send('')
    },
  )
}

function statusOf({ path, value }: StreamPatch[number]): StreamStatus {
  return { kind: path === '/media/audio/status' ? 'audio' : 'video', status: value }
}
