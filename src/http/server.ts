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
  timeouts?: Patience
}

/** How long a client may take, ms: for the headers, for the whole request, and how often that is looked at. */
export type Patience = { headers: number; request: number; look: number }

const defaultPatience: Patience = { headers: 10_000, request: 30_000, look: 5000 }

/** A listener with what all of ours share: CORS, no difference for a trailing slash, errors as `{ error: { code, message } }`. */
export function createHttp(options: HttpOptions): FastifyInstance {
  const { logger, corsOrigins, trustProxy = false, refused, timeouts: patience = defaultPatience } = options
  const hops = typeof trustProxy === 'number' ? (_address: string, hop: number) => hop < trustProxy : trustProxy
  const answer = answerError(refused)
  const app: FastifyInstance = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: hops,
    // a room's name may have 256 characters, and each may take twelve in a URL; the name of a dialect may stand before it
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 3100 },
    bodyLimit: maxBodyBytes,
    // what comes before any route: an address that cannot be decoded
    frameworkErrors: (error, request, reply) => {
      answer(error, request, reply)
    },
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket, refused),
    requestTimeout: patience.request,
    http: { headersTimeout: patience.headers, connectionsCheckingInterval: patience.look },
  })
  app.register(helmet, { contentSecurityPolicy: false })
  app.register(cors, { origin: corsOrigins.includes('*') ? true : corsOrigins })
  app.setErrorHandler(answer)
  strictJson(app)
  const notFound = () => new ApiError(404, 'notFound', 'Resource not found')
  app.setNotFoundHandler((request, reply) => answer(notFound(), request, reply))
  // Fastify would receive the whole body first. After the hooks of the plugins, so that the answer has their headers
  // biome-ignore lint/nursery/noFloatingPromises: with a listener it returns the app, and no promise
  app.after(() => {
    app.addHook('onRequest', async (request, reply) => {
      if (!request.is404 || !hasBody(request.raw)) return
      reply.header('connection', 'close')
      throw notFound()
    })
  })
  return app
}
