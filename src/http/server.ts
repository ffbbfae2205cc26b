import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import Fastify, { type FastifyBaseLogger, type FastifyError, type FastifyInstance, LogController } from 'fastify'

export type HttpOptions = {
  logger: FastifyBaseLogger
  corsOrigins: string[]
  trustProxy?: boolean | number | string
}

/** A listener with what all of ours share: CORS, no difference for a trailing slash, errors as `{ error: { code, message } }`. */
export function createHttp({ logger, corsOrigins, trustProxy = false }: HttpOptions): FastifyInstance {
  const hops = typeof trustProxy === 'number' ? (_address: string, hop: number) => hop < trustProxy : trustProxy
  const app: FastifyInstance = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    disableRequestLogging: true,
    trustProxy: hops,
    routerOptions: { ignoreTrailingSlash: true },
    bodyLimit: 65536,
    requestTimeout: 30_000,
  })
  app.register(helmet, { contentSecurityPolicy: false })
  app.register(cors, { origin: corsOrigins.includes('*') ? true : corsOrigins })
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500
    if (status >= 500) request.log.error({ err: error }, 'request failed')
    const message = status >= 500 ? 'Internal error' : error.message
    return reply.code(status).send({ error: { code: error.code ?? status, message } })
  })
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: { code: 1001, message: 'Resource not found' } }),
  )
  return app
}
