import type { FastifyInstance } from 'fastify'
import { collectDocs, docs } from './docs.ts'
import { type IceServices, iceServers } from './ice-servers.ts'
import type { ApiServices } from './management/api.ts'
import type { AuthorizeParts } from './management/authorize.ts'
import { management } from './management/index.ts'
import { limitServingTime } from './request-deadline.ts'

export type HttpApi = ApiServices & IceServices & { authority: AuthorizeParts; version: string }

/** All that is described by schemas: what clients may ask, and, where there are keys, management with its description. */
export function httpApi(app: FastifyInstance, services: HttpApi): void {
  const on = services.authority.keys.length > 0
  app.register(async (scope) => {
    limitServingTime(scope)
    if (on) await collectDocs(scope, services.version)
    iceServers(scope, services)
    if (!on) return
    management(scope, services, services.authority)
    docs(scope)
  })
}
