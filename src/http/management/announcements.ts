import { Type } from 'typebox'
import { Announcement } from '../../protocol/management.ts'
import { type Api, type ApiServices, failures } from './api.ts'

export function announcements(api: Api, { announce }: ApiServices): void {
  api.post(
    '/announcements',
    {
      schema: {
        tags: ['messages'],
        summary: 'Tells everyone on /rooms who is connected now; who is not does not hear of it later',
        body: Announcement,
        response: { 200: Type.Object({}), ...failures },
      },
    },
    async ({ body }) => {
      announce(body.text)
      return {}
    },
  )
}
