import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { TLocalizedValidationError } from 'typebox/error'
import { type ErrorCode, SignalError } from '../core/errors.ts'
import { apiCodes } from '../protocol/management.ts'
import { validationMessageOf } from '../protocol/validation-message.ts'

/** A refusal with its HTTP status and one of OWT's codes. */
export class ApiError extends Error {
  readonly statusCode: number
  readonly apiCode: number

  constructor(statusCode: number, code: keyof typeof apiCodes, message: string) {
    super(message)
    this.name = 'ApiError'
    this.statusCode = statusCode
    this.apiCode = apiCodes[code]
  }
}

/** What was sent is not what the route takes. `path` is that of the first thing that is wrong. */
export class InvalidRequest extends ApiError {
  readonly path: string

  constructor(errors: readonly TLocalizedValidationError[]) {
    super(400, 'badRequest', validationMessageOf(errors))
    this.path = errors[0]?.instancePath ?? ''
  }
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** OWT's words for whatever is wrong with the body, by the place that is. */
    invalid?: (path: string) => string
  }
}

/** Refusals of the core that a request over HTTP can meet. */
const refusals: { [code in ErrorCode]?: () => ApiError } = {
  unavailable: () => new ApiError(503, 'internal', 'Service unavailable'),
  no_such_participant: () => new ApiError(404, 'participant', 'Participant not found'),
  no_such_track: () => new ApiError(400, 'badRequest', 'The stream has no such track'),
  bad_request: () => new ApiError(400, 'badRequest', 'Invalid request body'),
}

/** Counts and logs a refusal, with the error if the node or the store is at fault. The reason of a request is `http_` and the status. */
export type Refused = (reason: string, about: object, fault?: Error) => void

/** Every answer that is no success, as `{ error: { code, message } }`. What is our fault is logged, and not told. */
export function answerError(refused: Refused) {
  return (error: FastifyError | ApiError, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const { statusCode, apiCode, message } = notifications(error, request)
    const { method, ip: address } = request
    // half a body, and nobody to be answered: the connection was closed by its client, or by us, who said why then
    if (statusCode === 400 && 'code' in error && error.code === 'ECONNRESET') return reply.code(statusCode).send()
    const about = { code: apiCode, method, route: request.routeOptions.url, address }
    refused(`http_${statusCode}`, about, statusCode >= 500 ? error : undefined)
    return reply.code(statusCode).send({ error: { code: apiCode, message } })
  }
}

function notifications(error: FastifyError | ApiError, request: FastifyRequest): ApiError {
  if (error instanceof InvalidRequest) {
    const { invalid } = request.routeOptions.config
    return invalid ? new ApiError(400, 'badRequest', invalid(error.path)) : error
  }
  if (error instanceof ApiError) return error
  if (error instanceof SignalError) return refusals[error.code]?.() ?? new ApiError(500, 'internal', 'Internal error')
  const status = error.statusCode ?? 500
  if (status >= 500) return new ApiError(status, 'internal', 'Internal error')
  const unreadable = error.code === 'FST_ERR_CTP_INVALID_JSON_BODY' || error.code === 'FST_ERR_CTP_EMPTY_JSON_BODY'
  return new ApiError(status, 'badRequest', unreadable ? 'Failed to parse JSON body' : error.message)
}
