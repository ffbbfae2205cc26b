import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { answerBrokenRequest } from './broken-request.ts'
import { ApiError, answerError, type Refused } from './errors.ts'
import { maxBodyBytes, strictJson } from './json.ts'
import { hasBody } from './request-bodies.ts'

export type HttpOptions = {
  logger: FastifyBaseLogger
  corsOrigins: string[]
  trustProxy?: boolean | number | string
  refused: Refused
  timeouts?: ReadTimeouts
}

/** How long a client may take to send the headers and the whole request, and how often the node checks that. */
export type ReadTimeouts = { headersMs: number; requestMs: number; checkIntervalMs: number }

const defaultTimeouts: ReadTimeouts = { headersMs: 10_000, requestMs: 30_000, checkIntervalMs: 5000 }

/** A Fastify instance with what all listeners share: CORS, optional trailing slashes, errors as `{ error: { code, message } }`. */
export function createHttp(options: HttpOptions): FastifyInstance {
  const { logger, corsOrigins, trustProxy = false, refused, timeouts = defaultTimeouts } = options
  const hops = typeof trustProxy === 'number' ? (_address: string, hop: number) => hop < trustProxy : trustProxy
  const answer = answerError(refused)
  const app: FastifyInstance = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: hops,
    // a room's name has up to 256 characters, each up to twelve in a URL, and the name of a dialect may precede it
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 3100 },
    bodyLimit: maxBodyBytes,
    // errors before a route is known: an address that cannot be decoded
    frameworkErrors: (error, request, reply) => {
      answer(error, request, reply)
    },
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket, refused),
    requestTimeout: timeouts.requestMs,
    http: { headersTimeout: timeouts.headersMs, connectionsCheckingInterval: timeouts.checkIntervalMs },
  })
  app.register(helmet, { contentSecurityPolicy: false })
  app.register(cors, { origin: corsOrigins.includes('*') ? true : corsOrigins })
  app.setErrorHandler(answer)
  strictJson(app)
  const notFound = () => new ApiError(404, 'notFound', 'Resource not found')
  app.setNotFoundHandler((request, reply) => answer(notFound(), request, reply))
  // without this hook Fastify receives the whole body of an unknown path. It runs after the hooks of the plugins, which set headers
  // biome-ignore lint/nursery/noFloatingPromises: with a callback, `after` returns the app, not a promise
  app.after(() => {
    app.addHook('onRequest', async (request, reply) => {
      if (!request.is404 || !hasBody(request.raw)) return
      reply.header('connection', 'close')
      throw notFound()
    })
  })
  return app
}
