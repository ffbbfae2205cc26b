import type { FastifyInstance, FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { wellFormed } from '../core/text.ts'
import { validationOf } from '../protocol/validation.ts'
import { ApiError, InvalidRequest } from './errors.ts'

/** How many levels a body may nest: far above any of ours, far below the limits of recursion and of Lua's JSON. */
export const maxBodyDepth = 32
/** How many bytes a body may have. */
export const maxBodyBytes = 65_536

/**
 * For all routes of a listener: Fastify's own validator would convert types. No type is converted. Fields that a schema does not name are left out, as OWT does, or refused where the schema is
 * closed. A body may be absent whatever its type says, as OWT's REST client sends `text/plain` on calls without one
 * (docs/owt.md#management-api).
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

/** A query has only texts. */
function withNumbers(query: unknown): unknown {
  const entries = Object.entries(query ?? {})
  return Object.fromEntries(entries.map(([name, text]) => [name, /^\d{1,9}$/.test(String(text)) ? Number(text) : text]))
}

/** Whether a value nests in more levels. Without recursion. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > levels) return true
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []))
  }
  return false
}
