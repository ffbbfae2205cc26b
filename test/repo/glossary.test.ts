import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { keysOf } from '../../src/state/redis/keys.ts'
import { quoted, readDocument, root, rows } from '../support/markdown.ts'

/** docs/glossary.md names what exists: keys and scripts of Redis, options, events, fields and identifiers. */

const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
const words = new Set(
  sources
    .filter((path) => /\.(?:ts|lua)$/.test(path))
    .flatMap((path) => readDocument(`src/${path}`).match(/\w[\w-]*/g) ?? [])
    .flatMap((word) => [word, ...word.split('-')]),
)
const scripts = sources
  .filter((path) => path.endsWith('.lua'))
  .map((path) => path.split('/').at(-1)?.slice(0, -4) ?? '')

/** Every key of Redis in the notation of the documents; names in `<>` are all the same here. */
const keys = Object.values(keysOf('sb')).map((key) => {
  const [first, second] = ['{R}', '{<>}']
  if (typeof key === 'string') return key
  const inRoom = (key as (...parts: string[]) => string)('R', '<>')
  return inRoom.includes(first) ? inRoom : inRoom.replace('{<>', second).replace(/(?<=[:{])R\b/, '<>')
})

/** The parts in backticks of one line that name nothing. */
function unresolvedIn(line: string): string[] {
  return quoted(line).filter((name) => {
    if (line.includes(`script \`${name}\``)) return !scripts.includes(name)
    if (name.startsWith('sb:')) return !isKey(name.replace(/<\w+>/g, '<>'))
    return (name.match(/[A-Za-z][\w-]*/g) ?? []).some((word) => !words.has(word))
  })
}

function isKey(name: string): boolean {
  if (name.endsWith('…')) return keys.some((key) => key.startsWith(name.slice(0, -1)))
  return keys.includes(name) || keys.includes(name.replace('{<>}', '{R}'))
}

const terms = rows(readDocument('docs/glossary.md').replace(/^(?!\|).*\n/gm, ''))
  .filter(([term]) => term !== 'term' && !term?.startsWith('---'))
  .map(([term = '', meaning = '', name = '']) => ({ term, meaning, name }))

describe('the glossary', () => {
  test('defines each term once', () => {
    const names = terms.map(({ term }) => term)
    expect(names.length).toBeGreaterThan(40)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })

  test('names keys, scripts and words that the source has', () => {
    const lines = terms.flatMap(({ term, meaning, name }) =>
      [meaning, name].flatMap((text) => unresolvedIn(text).map((unresolved) => `${term}: ${unresolved}`)),
    )
    expect(lines).toEqual([])
  })
})

test.each([
  'script `reseat`',
  '`sb:{R}:seats`',
  '`sb:berth:<node>`',
  'field `haunted`',
  '`SeatRef`',
  'notification `welcomed`',
])('a line with a name that the source does not have fails: %s', (line) => {
  expect(unresolvedIn(line)).toHaveLength(1)
})

test.each([
  'script `append`',
  '`sb:{R}:session:<id>`',
  '`sb:{R}:…`',
  '`sb:nodes`',
  '`sb:node:<node>`',
  '`SessionRef`',
  '`{ rid }`',
])('a line with a name of the source passes: %s', (line) => {
  expect(unresolvedIn(line)).toEqual([])
})
