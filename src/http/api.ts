import type { FastifyInstance } from 'fastify'
import { collectDocs, docs } from './docs.ts'
import { type IceServices, iceServers } from './ice-servers.ts'
import type { ApiServices } from './management/api.ts'
import type { AuthorizeDeps } from './management/authorize.ts'
import { management } from './management/index.ts'
import { limitServingTime } from './request-deadline.ts'

export type HttpApi = ApiServices & IceServices & { authority: AuthorizeDeps; version: string }

/** Registers the routes that have schemas: those of clients and, if there are keys, the management API and its documentation. */
export function httpApi(app: FastifyInstance, services: HttpApi): void {
  const isManaged = services.authority.keys.length > 0
  app.register(async (scope) => {
    if (isManaged) await collectDocs(scope, services.version)
    scope.register(async (limited) => {
      limitServingTime(limited)
      iceServers(limited, services)
      if (isManaged) management(limited, services, services.authority)
    })
    if (isManaged) docs(scope)
  })
}
