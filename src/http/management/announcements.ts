import { Type } from 'typebox'
import { Announcement } from '../../protocol/management.ts'
import { type Api, type ApiServices, errorResponses } from './api.ts'

export function announcements(api: Api, { announce }: ApiServices): void {
  api.post(
    '/announcements',
    {
      schema: {
        tags: ['messages'],
        summary: 'Sends a text to every client that is connected to `/rooms` now. Nodes do not store it',
        body: Announcement,
        response: { 200: Type.Object({}), ...errorResponses },
      },
    },
    async ({ body }) => {
      announce(body.text)
      return {}
    },
  )
}
