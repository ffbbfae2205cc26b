import { Type } from 'typebox'
import { newRoomName } from '../../core/management/management.ts'
import type { RoomOptions } from '../../core/model.ts'
import { defaultPageRooms, NewRoom, Paging, RoomBody, RoomChanges, RoomPatch } from '../../protocol/management.ts'
import { roomOfAddress } from '../../protocol/room-address.ts'
import { ApiError } from '../errors.ts'
import {
  type Api,
  type ApiServices,
  errorResponses,
  existingRoom,
  existingRoomId,
  RoomParams,
  roomNotFound,
} from './api.ts'
import { changesOf, optionsAfter, optionsOf, roomBody } from './room-body.ts'

const tags = ['rooms']
const oneRoom = { 200: RoomBody, ...errorResponses }
const badConfiguration = { invalid: () => 'Bad room configuration' }

export function rooms(api: Api, services: ApiServices): void {
  list(api, services)
  create(api, services)
  read(api, services)
  replaceFields(api, services)
  patch(api, services)
  remove(api, services)
}

function list(api: Api, { queries }: ApiServices): void {
  api.get(
    '/rooms',
    {
      schema: {
        tags,
        summary: 'Lists the rooms in the order of their names',
        querystring: Paging,
        response: { 200: Type.Array(RoomBody), ...errorResponses },
      },
    },
    async ({ query: { page = 1, per_page = defaultPageRooms } }) => {
      const found = await queries.rooms((page - 1) * per_page, per_page)
      return found.map(roomBody)
    },
  )
}

function create(api: Api, { management, queries }: ApiServices): void {
  api.post(
    '/rooms',
    {
      config: { invalid: (path) => (path.startsWith('/options') ? 'Invalid room option' : 'Invalid request body') },
      schema: {
        tags,
        summary: 'Creates a room. Its id is `_id`, or 24 hexadecimal digits',
        body: NewRoom,
        response: oneRoom,
      },
    },
    async ({ body: { name, _id, options }, deadline }) => {
      const { _id: idInOptions, ...changes } = options ?? {}
      const room = roomOfAddress(_id ?? idInOptions ?? newRoomName())
      const created = await management.createRoom(room, optionsOf({ ...changes, name }), deadline)
      if (!created) throw new ApiError(409, 'badRequest', 'Room exists')
      const found = await queries.room(room)
      return roomBody(found ?? { id: room, members: 0 })
    },
  )
}

function read(api: Api, services: ApiServices): void {
  api.get(
    '/rooms/:room',
    { schema: { tags, summary: 'Returns a room', params: RoomParams, response: oneRoom } },
    async ({ params }) => roomBody(await existingRoom(services, params.room)),
  )
}

function replaceFields(api: Api, { management }: ApiServices): void {
  api.put(
    '/rooms/:room',
    {
      config: badConfiguration,
      schema: {
        tags,
        summary: 'Replaces the given fields of a room',
        params: RoomParams,
        body: RoomChanges,
        response: oneRoom,
      },
    },
    async ({ params, body, deadline }) => {
      const room = roomOfAddress(params.room)
      const changed = await management.changeRoom(room, (before) => optionsAfter(before, body), deadline)
      if (!changed) throw roomNotFound()
      return roomBody(changed)
    },
  )
}

function patch(api: Api, { management }: ApiServices): void {
  api.patch(
    '/rooms/:room',
    {
      config: badConfiguration,
      schema: {
        tags,
        summary: 'Applies a JSON Patch (RFC 6902) to a room. An object replaces the given fields, as PUT does',
        params: RoomParams,
        body: RoomPatch,
        response: oneRoom,
      },
    },
    async ({ params, body, deadline }) => {
      const room = roomOfAddress(params.room)
      const change = (before: RoomOptions) => optionsAfter(before, changesOf(room, before, body))
      const changed = await management.changeRoom(room, change, deadline)
      if (!changed) throw roomNotFound()
      return roomBody(changed)
    },
  )
}

function remove(api: Api, services: ApiServices): void {
  api.delete(
    '/rooms/:room',
    {
      schema: {
        tags,
        summary: 'Deletes the settings of a room, drops its participants, and invalidates its earlier tokens',
        params: RoomParams,
        response: { 200: Type.String(), ...errorResponses },
      },
    },
    async ({ params, deadline }, reply) => {
      await services.management.closeRoom(await existingRoomId(services, params.room), deadline)
      return reply.type('text/plain').send('Room deleted')
    },
  )
}
