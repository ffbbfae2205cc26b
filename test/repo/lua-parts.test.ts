import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type LuaPart, parts, type Script, scripts } from '../../src/state/redis/script-table.ts'

const folder = new URL('../../src/state/redis/lua/', import.meta.url)
const files = readdirSync(folder)
  .filter((file) => file.endsWith('.lua'))
  .map((file) => file.slice(0, -'.lua'.length))
const read = (file: string) => readFileSync(new URL(`${file}.lua`, folder), 'utf8')

/** It reads what a Redis user may do, before the scripts are loaded. */
const alone = 'missing-rights'

type Unit = {
  name: string
  source: string
  uses: readonly string[] /** Parts that it has without naming them. */
  given: readonly string[]
}

/** Lua without comments and text. */
const codeOf = (source: string) => source.replace(/--.*$/gm, '').replace(/'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"/g, "''")

/** The functions at the top of a file. */
const definedIn = (source: string) =>
  [...codeOf(source).matchAll(/^local function (\w+)/gm)].map(([, name = '']) => name)

/** Names that are no fields. */
const namesIn = (source: string) =>
  new Set([...codeOf(source).matchAll(/(?<![.:\w])[A-Za-z_]\w*/g)].map(([name]) => name))

/** What is wrong between scripts or parts and the parts that they name. */
function mistakesIn(units: readonly Unit[], sourceOfPart: { [part: string]: string }): string[] {
  const definitions = Object.entries(sourceOfPart).map(([part, source]) => ({ part, functions: definedIn(source) }))
  return units.flatMap(({ name, source, uses, given }) => {
    const names = namesIn(source)
    const used = definitions.filter(({ part, functions }) => part !== name && functions.some((one) => names.has(one)))
    const needed = used.map(({ part }) => part)
    return [
      ...needed.filter((part) => !uses.includes(part) && !given.includes(part)).map((part) => `${name} lacks ${part}`),
      ...uses.filter((part) => !needed.includes(part)).map((part) => `${name} names ${part} in vain`),
    ]
  })
}

const sourceOfPart = Object.fromEntries(Object.keys(parts).map((part) => [part, read(`_${part}`)]))
const partUnits = Object.entries<readonly LuaPart[]>(parts).map(([name, uses]): Unit => {
  return { name, source: sourceOfPart[name] ?? '', uses, given: [] }
})
const scriptUnits = Object.entries<Script>(scripts).map(([name, { uses, deadline }]): Unit => {
  return { name, source: read(name), uses, given: deadline ? ['deadline'] : [] }
})

test('every script and part names the parts whose functions it calls, and no others', () => {
  expect(mistakesIn([...partUnits, ...scriptUnits], sourceOfPart)).toEqual([])
})

test('a part names only parts that precede it, and each function is defined once', () => {
  const order = Object.keys(parts)
  for (const [name, uses] of Object.entries<readonly LuaPart[]>(parts)) {
    for (const part of uses) expect(order.indexOf(part), `${name} uses ${part}`).toBeLessThan(order.indexOf(name))
  }
  const functions = Object.values(sourceOfPart).flatMap(definedIn)
  expect(functions.length).toBeGreaterThan(25)
  expect(functions.toSorted()).toEqual([...new Set(functions)].toSorted())
})

test('every Lua file is a script or a part of the table, and begins with its contract', () => {
  expect(files.toSorted()).toEqual(
    [...Object.keys(parts).map((part) => `_${part}`), ...Object.keys(scripts), alone].toSorted(),
  )
  for (const part of Object.keys(parts)) expect(read(`_${part}`), part).toMatch(new RegExp(`^-- Part \`${part}\``))
  for (const name of Object.keys(scripts)) {
    const labels = [...read(name).matchAll(/^-- (KEYS|ARGV|Returns)\b/gm)].map(([, label]) => label)
    expect(labels, name).toEqual(['KEYS', 'ARGV', 'Returns'])
  }
})

test('every function of a part has a comment', () => {
  for (const [part, source] of Object.entries(sourceOfPart)) {
    const bare = [...source.matchAll(/^(?!--)(.*)\nlocal function (\w+)/gm)].map(([, , name]) => name)
    expect(bare, part).toEqual([])
  }
})

test.each<[string, Partial<Unit>, string[]]>([
  ['calls a function of a part that it does not name', { source: 'return greet(KEYS[1])' }, ['planted lacks greeting']],
  ['passes such a function on', { source: 'return map(list, greet)' }, ['planted lacks greeting']],
  [
    'names a part in vain',
    { source: "return 'greet' -- greet()", uses: ['greeting'] },
    ['planted names greeting in vain'],
  ],
  [
    'calls a field of the same name',
    { source: 'return redis.greet()', uses: ['greeting'] },
    ['planted names greeting in vain'],
  ],
  ['names what it calls', { source: 'return greet()', uses: ['greeting'] }, []],
  ['calls what it is given', { source: 'return greet()', given: ['greeting'] }, []],
])('a script that %s is found, or passes', (_what, planted, mistakes) => {
  const unit = { name: 'planted', source: '', uses: [], given: [], ...planted }
  expect(mistakesIn([unit], { greeting: 'local function greet(name)\nend' })).toEqual(mistakes)
})
