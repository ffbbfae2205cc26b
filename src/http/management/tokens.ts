import { Type } from 'typebox'
import { roomName } from '../../core/model.ts'
import { isName, isRole } from '../../core/names.ts'
import { TokenRequest } from '../../protocol/management.ts'
import { targetOf } from '../client-target.ts'
import { ApiError } from '../errors.ts'
import { type Api, type ApiServices, errorResponses, existingRoom, RoomParams } from './api.ts'

export function tokens(api: Api, services: ApiServices): void {
  api.post(
    '/rooms/:room/tokens',
    {
      config: { invalid: () => 'Name or role not valid' },
      schema: {
        tags: ['tokens'],
        summary: 'Returns a login token for one login, as text',
        params: RoomParams,
        body: TokenRequest,
        response: { 200: Type.String(), ...errorResponses },
      },
    },
    async (request, reply) => {
      const { params, body, caller } = request
      const { id, closed } = await existingRoom(services, params.room)
      const room = roomName(id)
      // OWT: the user and role of a signed header take precedence over those of the body
      const { user = body.user, role = body.role } = caller ?? {}
      if (!isName(user) || !isRole(role)) throw new ApiError(400, 'badRequest', 'Name or role not valid')
      const token = services.writeToken({ room, user, role }, targetOf(request), closed)
      return reply.type('text/plain').send(token)
    },
  )
}
