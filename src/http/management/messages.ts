import { Type } from 'typebox'
import { RoomMessage } from '../../protocol/management.ts'
import { type Api, type ApiServices, failures, RoomParams, roomIdAt } from './api.ts'

export function messages(api: Api, services: ApiServices): void {
  api.post(
    '/rooms/:room/messages',
    {
      schema: {
        tags: ['messages'],
        summary: 'Says something to everyone in a room, or to one: as good as said by a participant, with its seq',
        params: RoomParams,
        body: RoomMessage,
        response: { 200: Type.Object({ seq: Type.Integer() }), ...failures },
      },
    },
    async ({ params, body, deadline }) => {
      const room = await roomIdAt(services, params.room)
      return { seq: await services.management.post(room, body, deadline) }
    },
  )
}
