import { describe, expect, test } from 'vitest'
import {
  codeLineCount,
  functionsIn,
  interfacesIn,
  lineCount,
  numericConstantsIn,
  parsed,
  type SourceFile,
  sourceFiles,
  typeNamesIn,
} from '../support/source-code.ts'

/** Sizes and names of src (CONTRIBUTING.md#rules). */

const maxFileLines = 250
const maxFunctionLines = 60
/** Of code: without comments and empty lines. */
const maxMedianCodeLines = 42
const maxPortVerbs = 8

const src = sourceFiles('src')

const longFiles = (files: SourceFile[]) =>
  files
    .filter(({ text }) => lineCount(text) > maxFileLines)
    .map(({ path, text }) => `${path}: ${lineCount(text)} lines`)

const longFunctions = (files: SourceFile[]) =>
  files.flatMap((file) =>
    functionsIn(file)
      .filter(({ lines }) => lines > maxFunctionLines)
      .map(({ name, lines }) => `${file.path} ${name}: ${lines} lines`),
  )

function medianCodeLines(files: SourceFile[]): number {
  const counts = files.map(codeLineCount).sort((a, b) => a - b)
  return counts[Math.floor(counts.length / 2)] ?? 0
}

const largePorts = (files: SourceFile[]) =>
  files
    .filter(({ path }) => path.startsWith('src/core/ports/'))
    .flatMap(interfacesIn)
    .filter(({ verbs }) => verbs.length > maxPortVerbs)
    .map(({ name, verbs }) => `${name}: ${verbs.join(', ')}`)

function repeatedTypeNames(files: SourceFile[]): string[] {
  const paths = new Map<string, string[]>()
  for (const file of files) {
    for (const name of typeNamesIn(file)) paths.set(name, [...(paths.get(name) ?? []), file.path])
  }
  return [...paths].filter(([, found]) => found.length > 1).map(([name, found]) => `${name}: ${found.join(', ')}`)
}

/** The last word of a constant that is a quantity, or the number of a thing. */
const units = [
  'Ms',
  'Seconds',
  'Bytes',
  'Characters',
  'Length',
  'Digits',
  'Factor',
  'Fraction',
  'Share',
  'Count',
  'Code',
]
/** The last word of a constant that says how many of them. */
const countNouns = ['Entries', 'Items', 'Packets', 'Replies', 'Rids', 'Rooms', 'Burst']
/** A limit is `max` or `min` and what it counts. These words name no unit: `maxDelay` may be in seconds. */
const dimensions = [
  'Age',
  'Delay',
  'Interval',
  'Lag',
  'Life',
  'Memory',
  'Pause',
  'Period',
  'Size',
  'Skew',
  'Time',
  'Timeout',
  'Wait',
]

function namesUnit(name: string): boolean {
  if ([...units, ...countNouns].some((unit) => name.endsWith(unit))) return true
  const isLimit = /^(?:max|min)[A-Z]/.test(name)
  const isRatio = /^[a-z]+s(?:Per|A)[A-Z]/.test(name)
  return (isLimit && !dimensions.some((word) => name.endsWith(word))) || isRatio
}

const constantsWithoutUnit = (files: SourceFile[]) =>
  files.flatMap((file) =>
    numericConstantsIn(file)
      .filter((name) => !namesUnit(name))
      .map((name) => `${file.path} ${name}`),
  )

describe('src', () => {
  test(`no file of src has more than ${maxFileLines} lines`, () => {
    expect(src.length).toBeGreaterThan(200)
    expect(longFiles(src)).toEqual([])
  })

  test(`no function of src has more than ${maxFunctionLines} lines`, () => {
    expect(longFunctions(src)).toEqual([])
  })

  test(`the median file of src has at most ${maxMedianCodeLines} lines of code`, () => {
    expect(medianCodeLines(src)).toBeLessThanOrEqual(maxMedianCodeLines)
  })

  test(`no port has more than ${maxPortVerbs} verbs`, () => {
    expect(largePorts(src)).toEqual([])
  })

  test('a name is declared as a type once in src', () => {
    expect(repeatedTypeNames(src)).toEqual([])
  })

  test('a numeric constant of a module names its unit, or what it counts', () => {
    expect(constantsWithoutUnit(src)).toEqual([])
  })
})

describe('the checks', () => {
  const lines = (count: number, line: string) => `${line}\n`.repeat(count)
  const file = (text: string, path = 'src/a.ts') => [parsed(path, text)]

  test('a file of 250 lines passes, and a file of 251 fails', () => {
    expect(longFiles(file(lines(250, 'x()')))).toEqual([])
    expect(longFiles(file(lines(251, 'x()')))).toEqual(['src/a.ts: 251 lines'])
  })

  test.each([
    ['a function', (body: string) => `export function long() {\n${body}}`, 'long'],
    ['a method', (body: string) => `class A {\n  #long() {\n${body}  }\n}`, '#long'],
    ['a constructor', (body: string) => `class A {\n  constructor() {\n${body}  }\n}`, 'constructor'],
    ['an arrow function', (body: string) => `const long = () => {\n${body}}`, 'long'],
    ['a function in a function', (body: string) => `run(1, async () => {\n${body}})`, 'arrow function'],
  ])('%s of 60 lines passes, and of 61 fails', (_, text, name) => {
    expect(longFunctions(file(text(lines(58, 'x()'))))).toEqual([])
    expect(longFunctions(file(text(lines(59, 'x()'))))).toEqual([`src/a.ts ${name}: 61 lines`])
  })

  test('the median is the size of the middle file, without comments and empty lines', () => {
    const files = [1, 70, 60].map((count) => parsed('src/a.ts', `// a comment\n\n${lines(count, 'x()')}`))
    expect(medianCodeLines(files)).toBe(60)
  })

  test('a port of nine verbs fails; its properties do not count', () => {
    const verbs = (count: number) => Array.from({ length: count }, (_, index) => `verb${index}(): void`).join('\n')
    const port = (members: string) => file(`export interface P {\n${members}\n}`, 'src/core/ports/p.ts')
    expect(largePorts(port(`readonly name: string\n${verbs(8)}`))).toEqual([])
    expect(largePorts(port(verbs(9)))).toHaveLength(1)
    expect(largePorts(port(`readonly onEvent: (event: string) => void\n${verbs(8)}`))).toHaveLength(1)
  })

  test.each([
    ['type A = 1', 'interface A {}'],
    ['class A {}', 'function f() {\n  type A = 1\n}'],
    ['export enum A {}', "declare module 'b' {}\nexport type A = 1"],
  ])('a type that two files declare fails: %j, %j', (first, second) => {
    expect(repeatedTypeNames([parsed('src/a.ts', first), parsed('src/b.ts', second)])).toEqual([
      'A: src/a.ts, src/b.ts',
    ])
  })

  test('members that two files add to a type of a library pass', () => {
    const text = "declare module 'fastify' {\n  interface FastifyRequest {\n    a: 1\n  }\n}"
    expect(repeatedTypeNames([parsed('src/a.ts', text), parsed('src/b.ts', text)])).toEqual([])
  })

  test.each([
    'patience = 5',
    'maxDelay = 5_000',
    'enough = 2 ** 31 - 1',
    'timeout = 60 * second',
    'tooMany = Math.floor(10 / 3)',
  ])('a constant without a unit fails: %s', (declaration) => {
    expect(constantsWithoutUnit(file(`export const ${declaration}`))).toHaveLength(1)
  })

  test.each([
    'delayMs = 5',
    'maxRooms = 5',
    'packetsPerMessage = 4',
    "name = 'a'",
    'list = [1, 2]',
    'seconds = read(5)',
  ])('a constant with a unit passes, and so does one that is no number: %s', (declaration) => {
    expect(constantsWithoutUnit(file(`export const ${declaration}`))).toEqual([])
  })
})
