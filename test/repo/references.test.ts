import { readdirSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { addDeclarations, commentsIn, type Declarations } from '../support/declarations.ts'
import { anchors, created, readDocument, root } from '../support/markdown.ts'

/** Documents and comments refer to classes, files and sections. Every such reference has to lead somewhere. */

const filesIn = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`)

const sources = filesIn('src').filter((path) => /\.(ts|lua)$/.test(path))
const others = ['test', 'demo', 'examples', 'bench', 'scripts']
  .flatMap(filesIn)
  .filter((path) => /\.(ts|js|mjs|lua)$/.test(path) && !path.endsWith('/references.test.ts'))
const files = [...sources, ...others, ...readdirSync(root)]
const documents = ['README.md', 'CONTRIBUTING.md', ...filesIn('docs').filter((path) => path.endsWith('.md'))]

const declarations: Declarations = new Map()
for (const path of sources) if (path.endsWith('.ts')) addDeclarations(declarations, path, readDocument(path))

const headings = new Map(documents.map((path) => [path, anchors(readDocument(path))]))

/** `Class.member` in backticks, which the source or the platform declares. */
function membersIn(text: string): string[] {
  const named = [...text.matchAll(/`([A-Z]\w*)\.(#?\w+)(?:\([^`]*\))?`/g)]
  return named.flatMap(([reference, name = '', member = '']) => {
    if (/^(?:md|ts|js|json|IO)$/.test(member)) return []
    return declarations.get(name)?.has(member) || hasMember(name, member) ? [] : [reference]
  })
}

/** Newer than the oldest Node that Signalbox runs on. */
const newerMembers = ['Promise.withResolvers']

/** Of JavaScript, or of Node's HTTP. */
function hasMember(name: string, member: string): boolean {
  if (newerMembers.includes(`${name}.${member}`)) return true
  return [globalThis, http].some((library) => {
    const value: unknown = Object.hasOwn(library, name) ? Object(library)[name] : undefined
    return typeof value === 'function' && (member in value || member in Object(value.prototype))
  })
}

/** Other projects' classes that the glossary names. */
const foreignTypes = ['ReconnectManager', 'ReconnectPolicy']

/** Names of types in backticks, which the source declares. */
function typesIn(text: string): string[] {
  const named = [...text.matchAll(/`([A-Z][a-z]+(?:[A-Z]\w*)+)`/g)]
  return named.flatMap(([reference, name = '']) =>
    declarations.has(name) || foreignTypes.includes(name) ? [] : [reference],
  )
}

/** Names of source files: a path from the root, or the end of one. */
function filesOf(text: string): string[] {
  const named = [...text.matchAll(/(?<![\w./*<>-])\w[\w.-]*(?:\/[\w.-]+)*\.(?:ts|lua|mjs)\b/g)]
  return named.flatMap(([name]) => (files.some((path) => path === name || path.endsWith(`/${name}`)) ? [] : [name]))
}

/** `docs/name.md`, perhaps with the anchor of a section. */
function sectionsIn(text: string): string[] {
  const named = [...text.matchAll(/(?<![\w/.-])(?:[\w-]+\/)*[\w-]+\.md(?:#[\w-]+)?/g)]
  return named.flatMap(([reference]) => {
    const [path = '', anchor] = reference.split('#')
    const found = path.includes('/')
      ? headings.get(path)
      : files.includes(path)
        ? anchors(readDocument(path))
        : undefined
    return found && (anchor === undefined || found.includes(anchor)) ? [] : [reference]
  })
}

/** Numbered parts of a document that has no link: only standards are known by number everywhere. */
function numbersIn(text: string): string[] {
  const numbered =
    /\(([\w/.]+)(?:,? (?:invariant|rule|part)s?)? \d[\d.]*(?:(?:,| and| to) \d[\d.]*)*\)|\b(?:facts|wire|seeds?)[ /]\d+\b/g
  return [...text.matchAll(numbered)].flatMap(([reference, document = '']) =>
    /^(?:RFC|section|WebRTC)$/.test(document) ? [] : [reference],
  )
}

const inComment = (text: string) => [...membersIn(text), ...filesOf(text), ...sectionsIn(text), ...numbersIn(text)]
const inDocument = (text: string) => [
  ...membersIn(text),
  ...[...text.matchAll(/`[^`\n]+`/g)]
    .flatMap(([code]) => filesOf(code))
    .filter((path) => !created(text).includes(path)),
]

describe('every reference has a target:', () => {
  test.each(documents)('those in %s', (path) => {
    expect(inDocument(readDocument(path))).toEqual([])
  })

  test.each(['CONTRIBUTING.md', 'docs/architecture.md', 'docs/glossary.md'])('the types that %s names', (path) => {
    const text = readDocument(path)
    expect(text).toMatch(/`[A-Z][a-z]+[A-Z]\w*`/)
    expect(typesIn(text)).toEqual([])
  })

  test('those in comments of the source', () => {
    const lines = sources.flatMap((path) => commentsIn(path, readDocument(path)).map((line) => ({ path, line })))
    expect(lines.length).toBeGreaterThan(1000)
    expect(lines.flatMap(({ path, line }) => inComment(line).map((found) => `${path}: ${found}`))).toEqual([])
  })

  test('those in comments of tests, programs and the demo', () => {
    const broken = others.flatMap((path) =>
      commentsIn(path, readDocument(path)).flatMap((line) =>
        [...sectionsIn(line), ...numbersIn(line)].map((found) => `${path}: ${found}`),
      ),
    )
    expect(broken).toEqual([])
  })
})

describe('a reference without a target is found:', () => {
  test.each([
    ['a class', '`Entrance.login` adds it', '`Entrance.login`'],
    ['a method', 'see `Feed.hear`', '`Feed.hear`'],
    ['a private method', 'see `Feed.#hand()`', '`Feed.#hand()`'],
    ['a member of the platform', '`Promise.mostly` waits', '`Promise.mostly`'],
    ['a file', 'as in core/issued-tickets.ts', 'core/issued-tickets.ts'],
    ['a script', 'as `forget.lua` does', 'forget.lua'],
    ['a document', 'OWT has no dots (facts/owt.md 2)', 'facts/owt.md'],
    ['a section', 'asks once (docs/owt.md#no-such-section)', 'docs/owt.md#no-such-section'],
    ['a numbered part', 'the same everywhere (wire 2)', '(wire 2)'],
    ['numbered rules', 'in order (design, invariants 3 to 5)', '(design, invariants 3 to 5)'],
    ['a numbered sample', 'A client as seeds/004 shows it', 'seeds/004'],
  ])('%s', (_kind, text, reference) => {
    expect(inComment(text)).toContain(reference)
  })

  test('a type', () => {
    expect(typesIn('`Reconciler`, `SessionRef` and `SessionSeat`')).toEqual(['`SessionSeat`'])
  })

  test.each([
    ['`Feed.addReceiver`, `Feed.#repair`, `Promise.withResolvers` and `Server.close(callback)`'],
    ['lua/_deadline.lua, `src/main.ts`, scripts.ts and *.lua'],
    ['(docs/owt.md#signatures), docs/protocol.md, (docs/architecture.md#invariants, 3 to 5)'],
    ['RFC 6455 (RFC 6455 5.5.2 and 5.5.3), exit code (2), Node.js 20, `Socket.IO`'],
  ])('and none in: %s', (text) => {
    expect(inComment(text)).toEqual([])
  })

  test('comments are distinguished from code', () => {
    const code = "/** one\n * two */\nconst url = 'http://host' // three\n// four\nconst glob = 'src/**/*.ts'"
    expect(commentsIn('a.ts', code).map((line) => line.trim())).toEqual(['/** one', '* two */', '// three', '// four'])
    expect(commentsIn('a.lua', 'local a = 1 -- one\n-- two')).toEqual(['-- one', '-- two'])
  })
})
