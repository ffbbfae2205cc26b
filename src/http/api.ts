import type { FastifyInstance } from 'fastify'
import { collectDocs, docs } from './docs.ts'
import { type IceServices, iceServers } from './ice-servers.ts'
import type { ApiServices } from './management/api.ts'
import type { AuthorizeParts } from './management/authorize.ts'
import { management } from './management/index.ts'
import { limitServingTime } from './request-deadline.ts'

export type HttpApi = ApiServices & IceServices & { authority: AuthorizeParts; version: string }

/** All routes that schemas describe: what clients may ask, and, where there are keys, management and its description. */
export function httpApi(app: FastifyInstance, services: HttpApi): void {
  const on = services.authority.keys.length > 0
  app.register(async (scope) => {
    if (on) await collectDocs(scope, services.version)
    scope.register(async (limited) => {
      limitServingTime(limited)
      iceServers(limited, services)
      if (on) management(limited, services, services.authority)
    })
    if (on) docs(scope)
  })
}
