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

/** A request that does not match the schema of its route. `path` is the JSON Pointer of the first error. */
export class InvalidRequest extends ApiError {
  readonly path: string

  constructor(errors: readonly TLocalizedValidationError[]) {
    super(400, 'badRequest', validationMessageOf(errors))
    this.path = errors[0]?.instancePath ?? ''
  }
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** OWT's message for an invalid body, by the JSON Pointer of the first error. */
    invalid?: (path: string) => string
  }
}

/** The core's errors that an HTTP request can cause. */
const refusals: { [code in ErrorCode]?: () => ApiError } = {
  unavailable: () => new ApiError(503, 'internal', 'Service unavailable'),
  no_such_participant: () => new ApiError(404, 'participant', 'Participant not found'),
  no_such_track: () => new ApiError(400, 'badRequest', 'The stream has no such track'),
  bad_request: () => new ApiError(400, 'badRequest', 'Invalid request body'),
}

/**
 * Counts and logs a refusal.
 * @param reason `http_` and the status for a request, or the name of a limit
 * @param fault the error, if the node or the store is at fault
 */
export type Refused = (reason: string, about: object, fault?: Error) => void

/** Answers every error as `{ error: { code, message } }`. The cause of a 5xx is in the log, and not in the answer. */
export function answerError(refused: Refused) {
  return (error: FastifyError | ApiError, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const { statusCode, apiCode, message } = apiErrorOf(error, request)
    const { method, ip: address } = request
    // the client closed the connection during the body, or the node did, and has logged why
    if (statusCode === 400 && 'code' in error && error.code === 'ECONNRESET') return reply.code(statusCode).send()
    const about = { code: apiCode, method, route: request.routeOptions.url, address }
    refused(`http_${statusCode}`, about, statusCode >= 500 ? error : undefined)
    return reply.code(statusCode).send({ error: { code: apiCode, message } })
  }
}

function apiErrorOf(error: FastifyError | ApiError, request: FastifyRequest): ApiError {
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
