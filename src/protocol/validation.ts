import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import type { TLocalizedValidationError } from 'typebox/error'

export type Validation<S extends TSchema = TSchema> = {
  check: (value: unknown) => value is Static<S>
  /** All errors of an invalid value, or only those of its lengths if there are any. */
  errorsOf: (value: unknown) => TLocalizedValidationError[]
}

/**
 * Compiles a schema. A check stops at the first error, but typebox enumerates errors to the end: it would search a text
 * for a pattern although the text is too long, and describe each item of an array that has too many. So the lengths of
 * arrays and texts are enumerated first, and the rest only if they are right.
 */
export function validationOf<S extends TSchema>(schema: S): Validation<S> {
  const complete = Compile(schema)
  const steps = [Compile(without(schema, ['pattern', 'items'])), Compile(without(schema, ['pattern'])), complete]
  return {
    check: (value): value is Static<S> => complete.Check(value),
    errorsOf: (value) => {
      for (const step of steps) if (!step.Check(value)) return step.Errors(value)
      return []
    },
  }
}

/** The schema without some keywords, at any depth. Properties keep these names. */
function without(schema: TSchema, keywords: readonly string[]): TSchema {
  const entries = Object.entries(schema).flatMap(([keyword, value]) =>
    keywords.includes(keyword) ? [] : [[keyword, inner(keyword, value, keywords)]],
  )
  return Object.fromEntries(entries)
}

/** The value of one keyword: a schema, a list or an object of schemas, or another value. */
function inner(keyword: string, value: unknown, keywords: readonly string[]): unknown {
  if (keyword === 'enum' || keyword === 'const' || keyword === 'default') return value
  if (Array.isArray(value)) return value.map((item) => inner('', item, keywords))
  if (typeof value !== 'object' || value === null) return value
  if (keyword !== 'properties' && keyword !== 'patternProperties') return without(value as TSchema, keywords)
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inner('', one, keywords)]))
}
