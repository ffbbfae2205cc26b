import type { FastifyInstance, FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { wellFormed } from '../core/text.ts'
import { validationOf } from '../protocol/validation.ts'
import { ApiError, InvalidRequest } from './errors.ts'

/** The levels of nesting of a body: far more than any request needs, far below the limits of recursion and of Lua's JSON. */
export const maxBodyDepth = 32
export const maxBodyBytes = 65_536

/**
 * Sets how all routes of a listener read JSON. They convert no types; Fastify's own validator would. They remove fields that the
 * schema does not name, as OWT does, or refuse them if the schema is closed. They accept an empty body of any content type: OWT's
 * REST client sends `text/plain` with requests that have no body (docs/owt.md#management-api).
 */
export function strictJson(app: FastifyInstance): void {
  app.setValidatorCompiler(compile)
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.trim() === '') done(null, undefined)
    else return parse(request, body, done)
  })
  app.addContentTypeParser<string>('text/plain', { parseAs: 'string' }, async (_request: unknown, body: string) =>
    body === '' ? undefined : body,
  )
  app.addHook('preValidation', async ({ body }) => {
    if (isDeeperThan(body, maxBodyDepth)) throw new ApiError(400, 'badRequest', 'The body is nested too deeply')
  })
}

const compile: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const { check, errorsOf } = validationOf(schema)
  return (given: unknown) => {
    const value = httpPart === 'querystring' ? withNumbers(given) : given
    if (!check(value)) return { error: new InvalidRequest(errorsOf(value)) }
    return { value: wellFormed(Value.Clean(schema, value)) }
  }
}

/** A query with its digits as numbers: a URL contains only strings. */
function withNumbers(query: unknown): unknown {
  const entries = Object.entries(query ?? {})
  return Object.fromEntries(entries.map(([name, text]) => [name, /^\d{1,9}$/.test(String(text)) ? Number(text) : text]))
}

/** Whether a value nests deeper than `levels`. Without recursion, so that no depth exhausts the stack. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > levels) return true
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []))
  }
  return false
}
