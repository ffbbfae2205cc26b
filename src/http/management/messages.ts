import { Type } from 'typebox'
import { RoomMessage } from '../../protocol/management.ts'
import { type Api, type ApiServices, errorResponses, existingRoomId, RoomParams } from './api.ts'

export function messages(api: Api, services: ApiServices): void {
  api.post(
    '/rooms/:room/messages',
    {
      schema: {
        tags: ['messages'],
        summary:
          'Sends a message to a room or to one participant, as durable as a message of a participant. Returns its `seq`',
        params: RoomParams,
        body: RoomMessage,
        response: { 200: Type.Object({ seq: Type.Integer() }), ...errorResponses },
      },
    },
    async ({ params, body, deadline }) => {
      const room = await existingRoomId(services, params.room)
      return { seq: await services.management.post(room, body, deadline) }
    },
  )
}
