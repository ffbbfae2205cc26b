import { Type } from 'typebox'
import type { Member, Permission } from '../../core/model.ts'
import { Paging, ParticipantBody, ParticipantPatch } from '../../protocol/management.ts'
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
} from './api.ts'

const tags = ['participants']
const notFound = () => new ApiError(404, 'participant', 'Participant not found')
const bodyOf = ({ id, user, role, permission }: Member) => ({ id, user, role, permission })

const oneParticipant = { 200: ParticipantBody, ...errorResponses }

export function participants(api: Api, services: ApiServices): void {
  list(api, services)
  read(api, services)
  changePermission(api, services)
  drop(api, services)
}

function list(api: Api, services: ApiServices): void {
  api.get(
    '/rooms/:room/participants',
    {
      schema: {
        tags,
        summary: 'Lists the participants of a room, including those in their reconnect window',
        params: RoomParams,
        querystring: Paging,
        response: { 200: Type.Array(ParticipantBody), ...errorResponses },
      },
    },
    async ({ params, query }) => {
      const members = await services.queries.participants(await existingRoomId(services, params.room))
      return pageOf(members.map(bodyOf).toSorted(byId), query)
    },
  )
}

function read(api: Api, services: ApiServices): void {
  api.get(
    '/rooms/:room/participants/:id',
    { schema: { tags, summary: 'Returns a participant', params: ItemParams, response: oneParticipant } },
    async ({ params }) => {
      const member = await services.queries.participant(await existingRoomId(services, params.room), params.id)
      if (!member) throw notFound()
      return bodyOf(member)
    },
  )
}

function changePermission(api: Api, services: ApiServices): void {
  api.patch(
    '/rooms/:room/participants/:id',
    {
      config: { invalid: () => 'Invalid request body' },
      schema: {
        tags,
        summary: 'Changes what a participant may publish and subscribe to, from its next request on',
        params: ItemParams,
        body: ParticipantPatch,
        response: oneParticipant,
      },
    },
    async ({ params, body, deadline }) => {
      const room = roomOfAddress(params.room)
      const change = (before: Permission) => body.reduce(withPatch, before)
      const member = await services.management.permit(room, params.id, change, deadline)
      if (!member) throw await missingItem(services, params.room, notFound)
      return bodyOf(member)
    },
  )
}

function drop(api: Api, services: ApiServices): void {
  api.delete(
    '/rooms/:room/participants/:id',
    {
      schema: {
        tags,
        summary: 'Drops a participant: ends its session and closes its connection, on any node',
        params: ItemParams,
        response: { 200: Type.String(), ...errorResponses },
      },
    },
    async ({ params, deadline }, reply) => {
      const dropped = await services.management.drop(roomOfAddress(params.room), params.id, deadline)
      if (!dropped) throw await missingItem(services, params.room, notFound)
      return reply.type('text/plain').send('')
    },
  )
}

/** @param operation its path is `/permission/publish` or `/permission/subscribe`, with `/audio` or `/video` after it or not */
function withPatch(before: Permission, { path, value }: ParticipantPatch[number]): Permission {
  const [, , verb, media] = path.split('/')
  const right = verb === 'publish' ? 'publish' : 'subscribe'
  if (typeof value !== 'boolean') return { ...before, [right]: value }
  return { ...before, [right]: { ...before[right], [media === 'audio' ? 'audio' : 'video']: value } }
}
