import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** Files that read the wall clock, and why they may. */
const mayRead: { [path: string]: string } = {
  'state/memory/index.ts': 'anchors the monotonic clock once; dates of outside systems on a node without Redis',
  'state/redis/clock.ts': 'stands in for Redis’ clock until Redis has answered',
  'cli/commands/token.ts': 'dates a token outside of any node',
  'client/clock.ts': 'measures durations where a runtime has no monotonic clock',
  'client/network.ts': 'notices a sleep during which the monotonic clock stood still',
}

/** `new Date(ms)` with a given time does not read the clock. */
const reading = /\bDate\s*\.\s*now\b|\bnew\s+Date\s*(\(\s*\)|(?!\s*\())|(?<!new\s)\bDate\s*\(|\bprocess\s*\.\s*hrtime/

const folder = join(import.meta.dirname, '../../src')
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
const readers = (texts: [path: string, text: string][]) =>
  texts.flatMap(([path, text]) => (reading.test(text) && !Object.hasOwn(mayRead, path) ? [path] : []))

test('only the listed files of src read the wall clock', () => {
  const texts = files.map((path): [string, string] => [path, readFileSync(join(folder, path), 'utf8')])
  expect(texts.length).toBeGreaterThan(200)
  expect(readers(texts)).toEqual([])
  for (const path of Object.keys(mayRead)) expect(readFileSync(join(folder, path), 'utf8')).toMatch(reading)
})

test.each(['Date.now()', 'new Date()', 'new Date', 'String(Date())', '{ now: Date.now }', 'Date\n  .now()'])(
  'an expression that reads the wall clock fails: %s',
  (text) => {
    expect(readers([['core/a.ts', text]])).toEqual(['core/a.ts'])
  },
)

test.each(['performance.now()', 'new Date(now)', 'state.clock.date()'])(
  'an expression that does not read the wall clock passes: %s',
  (text) => {
    expect(readers([['core/a.ts', text]])).toEqual([])
  },
)

test('scripts of Redis read the clock by TIME, in one part', () => {
  const lua = readdirSync(join(folder, 'state/redis/lua')).map((file) =>
    readFileSync(join(folder, 'state/redis/lua', file), 'utf8'),
  )
  expect(lua.filter((text) => text.includes("'TIME'"))).toHaveLength(1)
  expect(lua.filter((text) => /os\.(time|clock|date)/.test(text))).toEqual([])
})
