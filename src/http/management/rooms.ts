import { Type } from 'typebox'
import { newRoomName } from '../../core/management/management.ts'
import type { RoomOptions } from '../../core/model.ts'
import { defaultPageRooms, NewRoom, Paging, RoomBody, RoomChanges, RoomPatch } from '../../protocol/management.ts'
import { roomOfAddress } from '../../protocol/room-address.ts'
import { ApiError } from '../errors.ts'
import { type Api, type ApiServices, failures, RoomParams, roomAt, roomIdAt } from './api.ts'
import { applied, changesOf, optionsOf, roomBody } from './room-body.ts'

const tags = ['rooms']
const notFound = () => new ApiError(404, 'room', 'Room not found')

export function rooms(api: Api, services: ApiServices): void {
  const { queries, management } = services
  create(api, services)
  change(api, services)

  api.get(
    '/rooms',
    {
      schema: {
        tags,
        summary: 'Rooms by name',
        querystring: Paging,
        response: { 200: Type.Array(RoomBody), ...failures },
      },
    },
    async ({ query: { page = 1, per_page = defaultPageRooms } }) => {
      const found = await queries.rooms((page - 1) * per_page, per_page)
      return found.map(roomBody)
    },
  )

  api.get(
    '/rooms/:room',
    { schema: { tags, summary: 'One room', params: RoomParams, response: { 200: RoomBody, ...failures } } },
    async ({ params }) => roomBody(await roomAt(services, params.room)),
  )

  api.delete(
    '/rooms/:room',
    {
      schema: {
        tags,
        summary: 'Takes back what was set for a room, and drops everyone who is in it',
        params: RoomParams,
        response: { 200: Type.String(), ...failures },
      },
    },
    async ({ params, deadline }, reply) => {
      await management.removeRoom(await roomIdAt(services, params.room), deadline)
      return reply.type('text/plain').send('Room deleted')
    },
  )
}

function create(api: Api, services: ApiServices): void {
  api.post(
    '/rooms',
    {
      config: { invalid: (path) => (path.startsWith('/options') ? 'Invalid room option' : 'Invalid request body') },
      schema: {
        tags,
        summary: 'Makes a room; `_id` may name it, otherwise it gets 24 hexadecimal digits',
        body: NewRoom,
        response: { 200: RoomBody, ...failures },
      },
    },
    async ({ body: { name, _id, options }, deadline }) => {
      const { _id: given, ...changes } = options ?? {}
      const room = roomOfAddress(_id ?? given ?? newRoomName())
      const made = await services.management.createRoom(room, optionsOf({ ...changes, name }), deadline)
      if (!made) throw new ApiError(409, 'badRequest', 'Room exists')
      const found = await services.queries.room(room)
      return roomBody(found ?? { id: room, members: 0 })
    },
  )
}

function change(api: Api, { management }: ApiServices): void {
  const response = { 200: RoomBody, ...failures }
  const config = { invalid: () => 'Bad room configuration' }

  api.put(
    '/rooms/:room',
    {
      config,
      schema: { tags, summary: 'Replaces the fields that are given', params: RoomParams, body: RoomChanges, response },
    },
    async ({ params, body, deadline }) => {
      const room = roomOfAddress(params.room)
      const changed = await management.changeRoom(room, (before) => applied(before, body), deadline)
      if (!changed) throw notFound()
      return roomBody(changed)
    },
  )

  api.patch(
    '/rooms/:room',
    {
      config,
      schema: {
        tags,
        summary: 'Changes a room by JSON Patch (RFC 6902), or like PUT by an object',
        params: RoomParams,
        body: RoomPatch,
        response,
      },
    },
    async ({ params, body, deadline }) => {
      const room = roomOfAddress(params.room)
      const change = (before: RoomOptions) => applied(before, changesOf(room, before, body))
      const changed = await management.changeRoom(room, change, deadline)
      if (!changed) throw notFound()
      return roomBody(changed)
    },
  )
}
