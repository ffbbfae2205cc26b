/** The part of JSON Schema that the tables of the protocol use. */
type Schema = {
  type?: string
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  properties?: { [name: string]: Schema }
  items?: Schema
}

export type Named = [name: string, value: unknown]

/** Parses JSON, because in a literal `__proto__` would not be a field. */
const pollution = (json: string): unknown => JSON.parse(json)

/** Values that are invalid as a request's data, and as any field of it. */
export const smallValues: Named[] = [
  ['null', null],
  ['undefined', undefined],
  ['true', true],
  ['0', 0],
  ['-1', -1],
  ['NaN', Number.NaN],
  ['1e308', 1e308],
  ['an empty text', ''],
  ['a text', 'x_y'],
  ['control characters', '\u0000\u001b[2J\r\n{}'],
  ['an empty list', []],
  ['a list', [null, [], {}]],
  ['an empty object', {}],
  ['bytes', Buffer.from('bytes')],
  ['bytes in an object', { to: Buffer.from('all'), id: Buffer.alloc(3) }],
  ['__proto__', pollution('{"__proto__":{"to":"all","message":"x","id":"x","token":"x"}}')],
  ['constructor', pollution('{"constructor":{"prototype":{"to":"all","polluted":true}}}')],
  ['what objects inherit', pollution('{"toString":"x","valueOf":null,"hasOwnProperty":1,"toJSON":"x","then":true}')],
  ['length', { length: 1e9 }],
]

/** Values that are too large, as a request's data or as one field of it. */
const large: Named[] = [
  ['64 KB and a byte', 'x'.repeat(65_537)],
  ['1 MB', 'x'.repeat(1_048_576)],
  ['a long list', new Array(50_000).fill({})],
  ['many keys', Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, 0]))],
  ['1000 levels', nested(1000)],
  ['33 levels', nested(33)],
  ['many bytes', Buffer.alloc(100_000)],
]

export function nested(levels: number): unknown {
  let value: unknown = 'x'
  for (let level = 0; level < levels; level += 1) value = level % 2 ? [value] : { id: value }
  return value
}

/** Invalid data for a request: invalid as a whole, or valid except for a field that is invalid, missing or unknown. */
export function badValues(schema: Schema | undefined, foreign: string[]): Named[] {
  const wrong: Named[] = [
    ...smallValues,
    ...foreign.map((id): Named => ['the id of another participant or stream', id]),
  ]
  const samples = alternativesOf(schema ?? {})
  const fields = samples.flatMap((sample) => [
    ...fieldsOf(sample).flatMap((path) => [
      ...wrong.map(([name, value]): Named => [`${path.join('.')}: ${name}`, change(sample, path, value)]),
      [`without ${path.join('.')}`, change(sample, path)] as Named,
    ]),
    ['unknown fields', { ...Object(sample), extra: 1, constructor: 1 }] as Named,
  ])
  return [...wrong, ...fields]
}

/** Data that is too large: as a whole, or in one field. */
export function excessiveValues(schema: Schema | undefined): Named[] {
  const [sample] = alternativesOf(schema ?? {})
  const fields = Object.keys(Object(sample)).flatMap((field) =>
    large.map(([name, value]): Named => [`${field}: ${name}`, change(sample, [field], value)]),
  )
  return [...large, ...fields]
}

/** Valid data for a schema: one for each alternative at its top level. */
function alternativesOf(schema: Schema): unknown[] {
  return schema.anyOf ? schema.anyOf.flatMap(alternativesOf) : [sampleOf(schema)]
}

function sampleOf(schema: Schema): unknown {
  const { type, anyOf, properties, items } = schema
  if ('const' in schema) return schema.const
  if (schema.enum) return schema.enum[0]
  if (anyOf?.[0]) return sampleOf(anyOf[0])
  if (properties) {
    return Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, sampleOf(property)]))
  }
  if (items) return [sampleOf(items)]
  return { string: 'x', number: 1, integer: 1, boolean: true, null: null }[type ?? ''] ?? {}
}

function fieldsOf(value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => [[name], ...fieldsOf(inner).map((path) => [name, ...path])])
}

/** A copy in which one field is changed, or removed if no value is given. */
function change(value: unknown, [name = '', ...rest]: string[], ...to: [unknown?]): unknown {
  const copy: { [name: string]: unknown } | unknown[] = Array.isArray(value) ? [...value] : { ...Object(value) }
  const fields = copy as { [name: string]: unknown }
  if (rest.length > 0) fields[name] = change(fields[name], rest, ...to)
  else if (to.length > 0) fields[name] = to[0]
  else delete fields[name]
  return copy
}
