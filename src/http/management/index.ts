import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { streamInfoV10, streamInfoV11 } from '../../protocol/portal-stream.ts'
import { announcements } from './announcements.ts'
import type { ApiServices, WriteStream } from './api.ts'
import { type AuthorizeDeps, authorize } from './authorize.ts'
import { messages } from './messages.ts'
import { nodes } from './nodes.ts'
import { participants } from './participants.ts'
import { rooms } from './rooms.ts'
import { streams } from './streams.ts'
import { tokens } from './tokens.ts'

/** `/v1` and `/v1.1` describe streams in the media format of protocol 1.0 and 1.1 (docs/owt.md#management-api). */
const versions: { [prefix: string]: WriteStream } = { '/v1': streamInfoV10, '/v1.1': streamInfoV11 }

/** The management API: OWT's REST API and additions (docs/management.md). Every request needs a key. */
export function management(app: FastifyInstance, services: ApiServices, authority: AuthorizeDeps): void {
  for (const [prefix, writeStream] of Object.entries(versions)) {
    app.register(
      async (scope) => {
        scope.decorateRequest('caller', undefined)
        scope.addHook('onRequest', authorize(authority))
        const api = scope.withTypeProvider<TypeBoxTypeProvider>()
        rooms(api, services)
        participants(api, services)
        streams(api, services, writeStream)
        tokens(api, services)
        messages(api, services)
        announcements(api, services)
        nodes(api, services)
      },
      { prefix },
    )
  }
}
