import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TSchema } from 'typebox'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { exchanger } from '../../src/protocol/exchanger.ts'
import * as management from '../../src/protocol/management.ts'
import { p2p } from '../../src/protocol/p2p.ts'
import { portal, portalLegacy, portalV1 } from '../../src/protocol/portal.ts'
import { rooms } from '../../src/protocol/rooms.ts'
import { validationOf } from '../../src/protocol/validation.ts'
import { growthOf, hardTexts, maxLinearGrowth } from '../support/growth.ts'

/** A node serves all clients with one thread. A search whose time grows with the square of a text would stop it for all of them. */

const tables = { portal, portalV1, portalLegacy, exchanger, rooms, p2p }
const schemas: [name: string, schema: TSchema][] = [
  ...Object.entries(tables).flatMap(([table, requests]) =>
    Object.entries(requests).flatMap(([event, request]): [string, TSchema][] =>
      'payload' in request ? [[`${table} ${event}`, request.payload]] : [],
    ),
  ),
  ...Object.entries(management).flatMap(([name, value]): [string, TSchema][] =>
    typeof value === 'object' && ('type' in value || 'anyOf' in value)
      ? [[`management ${name}`, value as TSchema]]
      : [],
  ),
]

type Keywords = { [keyword: string]: unknown }
type SessionRef = { schema: Keywords; wrap: (value: unknown) => unknown }

/** The strings in a schema, each with a function that makes a value with a given string in that position. */
function textsIn(schema: TSchema, wrap: SessionRef['wrap'] = (value) => value): SessionRef[] {
  const { type, anyOf, properties, items, patternProperties } = schema as Keywords
  const inside = Object.entries((properties ?? {}) as { [name: string]: TSchema })
  return [
    ...(type === 'string' ? [{ schema: schema as Keywords, wrap }] : []),
    ...((anyOf ?? []) as TSchema[]).flatMap((one) => textsIn(one, wrap)),
    ...inside.flatMap(([name, one]) => textsIn(one, (value) => wrap({ [name]: value }))),
    ...(items ? textsIn(items as TSchema, (value) => wrap([value])) : []),
    ...(patternProperties ? [{ schema: {}, wrap: (value: unknown) => wrap({ [String(value)]: value }) }] : []),
  ]
}

/** The regular expressions of the source, whatever text they search. */
function patternsIn(folder: string): [place: string, source: string, flags: string][] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  return files.flatMap((file) => {
    const found: [string, string, string][] = []
    const tree = ts.createSourceFile(file, readFileSync(join(folder, file), 'utf8'), ts.ScriptTarget.Latest)
    const visit = (node: ts.Node) => {
      if (ts.isRegularExpressionLiteral(node)) {
        const end = node.text.lastIndexOf('/')
        found.push([file, node.text.slice(1, end), node.text.slice(end + 1)])
      }
      node.forEachChild(visit)
    }
    visit(tree)
    return found
  })
}

const inSchemas = schemas.flatMap(([name, schema]) =>
  textsIn(schema).flatMap(({ schema: { pattern, maxLength } }) =>
    typeof pattern === 'string' ? [{ name, pattern, maxLength }] : [],
  ),
)
const inSource = patternsIn('src')

test('the schemas and the source have patterns to check', () => {
  expect(inSchemas.length).toBeGreaterThan(15)
  expect(inSource.length).toBeGreaterThan(15)
})

test.each(inSchemas)('$name: the schema limits the length of a text with the pattern $pattern', ({ maxLength }) => {
  expect(maxLength).toBeGreaterThan(0)
})

/** A text for which the time of a search grows faster than its length, or undefined. */
function hardTextOf(source: string, flags: string): string | undefined {
  const pattern = new RegExp(source, flags)
  const search = (value: string) => void value.search(pattern)
  return hardTexts(source).find((text) => growthOf(prepared(text, search)) >= maxLinearGrowth)?.(3)
}

/** Makes the value for each length once, before the measurement. */
function prepared<T>(make: (length: number) => T, run: (value: T) => void): (length: number) => void {
  const values = new Map<number, T>()
  return (length) => {
    const value = values.get(length) ?? make(length)
    values.set(length, value)
    run(value)
  }
}

const quadratic: [source: string, flags: string, text: string][] = [
  ['^[^\\p{Cc}]*\\p{L}[^\\p{Cc}]*$', 'u', 'aaa\u0001'],
  ['\\s+$', '', '   \u0001'],
  ['-.*!', '', '---'],
]

// a quadratic search runs several times
test.each(quadratic)(
  'the pattern %s, whose search time grows with the square of the length, fails',
  (source, flags, text) => {
    expect(hardTextOf(source, flags)).toBe(text)
  },
)

const all = [...inSchemas.map(({ name, pattern }): [string, string, string] => [name, pattern, 'u']), ...inSource]
const distinct = [
  ...new Map(all.map(([place, source, flags]) => [`${flags} ${source}`, { place, source, flags }])).values(),
]

test.each(distinct)(
  '$place: the time to search for $source grows at most linearly with the text',
  ({ source, flags }) => {
    expect(hardTextOf(source, flags)).toBeUndefined()
  },
)

test.each(schemas)('%s: the time to refuse a text grows at most linearly with its length', (_name, schema) => {
  const { check, errorsOf } = validationOf(schema)
  const attempts = textsIn(schema).flatMap(({ wrap }) => {
    const texts = [
      (length: number) => `${'a'.repeat(length)}\u0001`,
      (length: number) => `${' '.repeat(length)}`,
      (length: number) => `${'é🙂'.repeat(length / 2)}\ud800`,
    ]
    const refuse = (value: unknown) => void (check(value) || errorsOf(value))
    return texts.map((text) => growthOf(prepared((length) => wrap(text(length)), refuse)))
  })
  expect(Math.max(0, ...attempts)).toBeLessThan(maxLinearGrowth)
})
