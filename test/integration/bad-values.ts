/** What a JSON schema looks like, as far as our tables go. */
type Schema = {
  type?: string
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  properties?: { [name: string]: Schema }
  items?: Schema
}

export type Named = [name: string, value: unknown]

/** JSON that a literal cannot write: its `__proto__` is a field like any other. */
const pollution = (json: string): unknown => JSON.parse(json)

/** Bad as a request's whole data, and as any field of it. */
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

/** Far too much, as a request's whole data or as one field of it. */
const large: Named[] = [
  ['64 KB and a byte', 'x'.repeat(65_537)],
  ['1 MB', 'x'.repeat(1_048_576)],
  ['many things', new Array(50_000).fill({})],
  ['many keys', Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, 0]))],
  ['much nesting', nested(1000)],
  ['some nesting', nested(33)],
  ['many bytes', Buffer.alloc(100_000)],
]

export function nested(levels: number): unknown {
  let value: unknown = 'x'
  for (let level = 0; level < levels; level += 1) value = level % 2 ? [value] : { id: value }
  return value
}

/** Bad data for a request: as a whole, and a good one with each field wrong, missing or beside one that is not known. */
export function badValues(schema: Schema | undefined, foreign: string[]): Named[] {
  const wrong: Named[] = [...smallValues, ...foreign.map((id): Named => ['what is another’s', id])]
  const goods = alternativesOf(schema ?? {})
  const fields = goods.flatMap((good) => [
    ...fieldsOf(good).flatMap((path) => [
      ...wrong.map(([name, value]): Named => [`${path.join('.')}: ${name}`, change(good, path, value)]),
      [`without ${path.join('.')}`, change(good, path)] as Named,
    ]),
    ['something more', { ...Object(good), extra: 1, constructor: 1 }] as Named,
  ])
  return [...wrong, ...fields]
}

/** Far too much, as a request's whole data or as one of its fields. */
export function excessiveValues(schema: Schema | undefined): Named[] {
  const [good] = alternativesOf(schema ?? {})
  const fields = Object.keys(Object(good)).flatMap((field) =>
    large.map(([name, value]): Named => [`${field}: ${name}`, change(good, [field], value)]),
  )
  return [...large, ...fields]
}

/** Good data for a schema: one for each alternative that it has at the top, whole. */
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

/** A copy with one field changed, or without it. */
function change(value: unknown, [name = '', ...rest]: string[], ...to: [unknown?]): unknown {
  const copy: { [name: string]: unknown } | unknown[] = Array.isArray(value) ? [...value] : { ...Object(value) }
  const fields = copy as { [name: string]: unknown }
  if (rest.length > 0) fields[name] = change(fields[name], rest, ...to)
  else if (to.length > 0) fields[name] = to[0]
  else delete fields[name]
  return copy
}
