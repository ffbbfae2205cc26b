import { Type } from 'typebox'
import type { StreamStatus } from '../../core/management/management.ts'
import { Paging, StreamBody, StreamPatch } from '../../protocol/management.ts'
import { roomOfAddress } from '../../protocol/room-address.ts'
import { ApiError } from '../errors.ts'
import {
  type Api,
  type ApiServices,
  failures,
  ItemParams,
  pageOf,
  RoomParams,
  roomIdAt,
  type WriteStream,
} from './api.ts'

const tags = ['streams']
const notFound = () => new ApiError(404, 'stream', 'Stream not found')

const one = { 200: StreamBody, ...failures }

export function streams(api: Api, services: ApiServices, write: WriteStream): void {
  readStreams(api, services, write)
  changeStreams(api, services, write)
}

function readStreams(api: Api, services: ApiServices, write: WriteStream): void {
  const { queries } = services

  api.get(
    '/rooms/:room/streams',
    {
      schema: {
        tags,
        summary: 'What is published in a room',
        params: RoomParams,
        querystring: Paging,
        response: { 200: Type.Array(StreamBody), ...failures },
      },
    },
    async ({ params, query }) => {
      const published = await queries.streams(await roomIdAt(services, params.room))
      const sorted = published.toSorted((a, b) => (a.id < b.id ? -1 : 1))
      return pageOf(sorted, query).map(write)
    },
  )

  api.get(
    '/rooms/:room/streams/:id',
    { schema: { tags, summary: 'One stream', params: ItemParams, response: one } },
    async ({ params }) => {
      const stream = await queries.stream(await roomIdAt(services, params.room), params.id)
      if (!stream) throw notFound()
      return write(stream)
    },
  )
}

function changeStreams(api: Api, services: ApiServices, write: WriteStream): void {
  const { management } = services

  api.patch(
    '/rooms/:room/streams/:id',
    {
      config: { invalid: () => 'Invalid request body' },
      schema: {
        tags,
        summary: 'Pauses and resumes the audio or the video of a stream; everyone is told',
        params: ItemParams,
        body: StreamPatch,
        response: one,
      },
    },
    async ({ params, body, deadline }) => {
      const room = roomOfAddress(params.room)
      const stream = await management.controlStream(room, params.id, body.map(statusOf), deadline)
      if (!stream) throw await missing(services, params.room)
      return write(stream)
    },
  )

  api.delete(
    '/rooms/:room/streams/:id',
    {
      schema: {
        tags,
        summary: 'Takes a stream out of the room, with the subscriptions to it',
        params: ItemParams,
        response: { 200: Type.String(), ...failures },
      },
    },
    async ({ params, deadline }, reply) => {
      const removed = await management.removeStream(roomOfAddress(params.room), params.id, deadline)
      if (!removed) throw await missing(services, params.room)
      return reply.type('text/plain').send('')
    },
  )
}

function statusOf({ path, value }: StreamPatch[number]): StreamStatus {
  return { kind: path === '/media/audio/status' ? 'audio' : 'video', status: value }
}

async function missing(services: ApiServices, room: string): Promise<ApiError> {
  await roomIdAt(services, room)
  return notFound()
}
