import { Type } from 'typebox'
import type { Member, Permission } from '../../core/model.ts'
import { Paging, ParticipantBody, ParticipantPatch } from '../../protocol/management.ts'
import { roomOfAddress } from '../../protocol/room-address.ts'
import { ApiError } from '../errors.ts'
import { type Api, type ApiServices, failures, ItemParams, pageOf, RoomParams, roomIdAt } from './api.ts'

const tags = ['participants']
const notFound = () => new ApiError(404, 'participant', 'Participant not found')
const bodyOf = ({ id, user, role, permission }: Member) => ({ id, user, role, permission })

const one = { 200: ParticipantBody, ...failures }

export function participants(api: Api, services: ApiServices): void {
  readParticipants(api, services)
  changeParticipants(api, services)
}

function readParticipants(api: Api, services: ApiServices): void {
  const { queries } = services

  api.get(
    '/rooms/:room/participants',
    {
      schema: {
        tags,
        summary: 'Who is in a room, those who lost their connection a moment ago too',
        params: RoomParams,
        querystring: Paging,
        response: { 200: Type.Array(ParticipantBody), ...failures },
      },
    },
    async ({ params, query }) => {
      const members = await queries.participants(await roomIdAt(services, params.room))
      return pageOf(members.map(bodyOf).toSorted(byId), query)
    },
  )

  api.get(
    '/rooms/:room/participants/:id',
    { schema: { tags, summary: 'One participant', params: ItemParams, response: one } },
    async ({ params }) => {
      const member = await queries.participant(await roomIdAt(services, params.room), params.id)
      if (!member) throw notFound()
      return bodyOf(member)
    },
  )
}

function changeParticipants(api: Api, services: ApiServices): void {
  const { management } = services

  api.patch(
    '/rooms/:room/participants/:id',
    {
      config: { invalid: () => 'Invalid request body' },
      schema: {
        tags,
        summary: 'Gives and takes the permission to publish and subscribe, from the next request on',
        params: ItemParams,
        body: ParticipantPatch,
        response: one,
      },
    },
    async ({ params, body, deadline }) => {
      const room = roomOfAddress(params.room)
      const change = (before: Permission) => body.reduce(permitted, before)
      const member = await management.permit(room, params.id, change, deadline)
      if (!member) throw await missing(services, params.room)
      return bodyOf(member)
    },
  )

  api.delete(
    '/rooms/:room/participants/:id',
    {
      schema: {
        tags,
        summary: 'Drops a participant, wherever it is connected',
        params: ItemParams,
        response: { 200: Type.String(), ...failures },
      },
    },
    async ({ params, deadline }, reply) => {
      const dropped = await management.drop(roomOfAddress(params.room), params.id, deadline)
      if (!dropped) throw await missing(services, params.room)
      return reply.type('text/plain').send('')
    },
  )
}

function permitted(before: Permission, { path, value }: ParticipantPatch[number]): Permission {
  const [, , what, kind] = path.split('/')
  const which = what === 'publish' ? 'publish' : 'subscribe'
  if (typeof value !== 'boolean') return { ...before, [which]: value }
  return { ...before, [which]: { ...before[which], [kind === 'audio' ? 'audio' : 'video']: value } }
}

/** Which of the two there is not. */
async function missing(services: ApiServices, room: string): Promise<ApiError> {
  await roomIdAt(services, room)
  return notFound()
}

const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)
