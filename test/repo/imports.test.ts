import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { expect, test } from 'vitest'
import { quoted, readDocument, rows, section } from '../support/markdown.ts'

/** Folders and files of src, each with what it may import: the last column of the table in docs/architecture.md#the-layers. */
const layers = new Map<string, string[] | 'everything'>(
  rows(section(readDocument('docs/architecture.md'), 'The layers')).flatMap(([paths = '', , allowed = '']) =>
    quoted(paths).map((path): [string, string[] | 'everything'] => [
      path.replace(/^src\//, '').replace(/\.ts$/, ''),
      allowed === 'everything' ? allowed : quoted(allowed),
    ]),
  ),
)
const readsEnvironment = ['main', 'cli/main']

/** Whether a row of the table names an imported module: a file or folder of src begins with a slash, a package does not. */
function names(allowed: string, imported: string): boolean {
  if (imported.startsWith('/')) return imported === `/${allowed}` || imported.startsWith(`/${allowed}/`)
  if (allowed === 'node:') return imported.startsWith('node:')
  if (allowed.endsWith('/*')) return imported.startsWith(allowed.slice(0, -1))
  return imported === allowed || imported.startsWith(`${allowed}/`)
}

const src = join(import.meta.dirname, '../../src')
/** Adapters that clients and operators drive: they call the rules of core, and never a port of the store. */
const drivingLayers = ['gateway', 'dialects', 'http']
/** Ports that these adapters implement, or read the time from. */
const ownPorts = ['clock', 'connection', 'memory-budget']
/** The interfaces with the store's verbs. The types beside them describe data, and may be imported. */
const storePorts = readdirSync(join(src, 'core/ports'))
  .filter((name) => !ownPorts.includes(name.replace(/\.ts$/, '')))
  .flatMap((name) => [...readFileSync(join(src, 'core/ports', name), 'utf8').matchAll(/^export interface (\w+)/gm)])
  .map(([, name]) => name ?? '')

/** Store ports that a driving adapter imports by name, or whole modules of them. */
function storePortsIn(layer: string, text: string): string[] {
  if (!drivingLayers.includes(layer)) return []
  const statements = text.matchAll(
    /^\s*(?:import|export)\b([^'"`;]*?)\bfrom\s*['"][^'"]*core\/ports\/([\w-]+)\.ts['"]/gm,
  )
  return [...statements].flatMap(([, names = '', port = '']) => {
    if (ownPorts.includes(port)) return []
    if (names.includes('*')) return [`core/ports/${port}`]
    return [...names.matchAll(/\w+/g)].map(([name]) => name).filter((name) => storePorts.includes(name))
  })
}

/** @param path from src, as in `core/room/feed.ts` */
function violations(path: string, text: string): string[] {
  const file = path.replace(/\.ts$/, '')
  const layer = file.split('/')[0] ?? ''
  const allowed = layers.get(file) ?? layers.get(layer) ?? [] // a folder without a row may import nothing
  const mayImport = (name: string) =>
    allowed === 'everything' || [...allowed, ...(layers.has(layer) ? [layer] : [])].some((one) => names(one, name))
  const environment = /\bprocess\s*\.\s*env\b/.test(text) && !readsEnvironment.includes(file) ? ['process.env'] : []
  const imported = importsOf(`/${file}`, text).filter((name) => !mayImport(name))
  return [...imported, ...storePortsIn(layer, text), ...environment].map((name) => `${path} uses ${name}`)
}

function importsOf(file: string, text: string): string[] {
  const from = /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)|\bimport\s*\(?\s*['"]([^'"]+)/gm
  const names = [...text.matchAll(from)].map(([, one, other]) => one ?? other ?? '')
  return names.map((name) => (name.startsWith('.') ? posix.join(posix.dirname(file), name).replace(/\.ts$/, '') : name))
}

test('the table of layers has a row for each folder of src', () => {
  const folders = readdirSync(src, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  expect(folders.map(({ name }) => name).filter((name) => !layers.has(name))).toEqual([])
})

test('a file of src imports only what its layer may import', () => {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
  expect(files.length).toBeGreaterThan(30)
  expect(files.flatMap((path) => violations(path, readFileSync(join(src, path), 'utf8')))).toEqual([])
})

test.each([
  ['core/feed.ts', "import { Redis } from 'ioredis'", 'ioredis'],
  ['core/ports/log.ts', "import {\n  a,\n} from '../../state/memory/room.ts'", '/state/memory/room'],
  ['core/a.ts', "const x = await import('../app/index.ts')", '/app/index'],
  ['core/a.ts', "import '../observability/metrics.ts'", '/observability/metrics'],
  ['protocol/a.ts', "export * from '../core/feed.ts'", '/core/feed'],
  ['state/redis/a.ts', "import type { X } from '../../gateway/dispatcher.ts'", '/gateway/dispatcher'],
  ['gateway/a.ts', "import { x } from '../state/memory/index.ts'", '/state/memory/index'],
  ['gateway/a.ts', "import { Redis } from 'ioredis'", 'ioredis'],
  ['http/a.ts', "import { x } from '../gateway/dispatcher.ts'", '/gateway/dispatcher'],
  ['client/a.ts', "import { x } from '../core/feed.ts'", '/core/feed'],
  ['config/index.ts', "import { x } from '../http/server.ts'", '/http/server'],
  ['gateway/a.ts', "import { x } from '../dialects/index.ts'", '/dialects/index'],
  ['http/a.ts', "import type { RoomStore } from '../core/ports/room-store.ts'", 'RoomStore'],
  ['dialects/p2p/a.ts', "import {\n  type Log as Writes,\n} from '../../core/ports/log.ts'", 'Log'],
  ['gateway/a.ts', "import type * as ports from '../core/ports/session-store.ts'", 'core/ports/session-store'],
  ['core/a.ts', "import { x } from '../core-extras/b.ts'", '/core-extras/b'],
  ['http/a.ts', "import { x } from 'fastify-plugin'", 'fastify-plugin'],
  ['config/a.ts', "import { x } from 'node:fs'", 'node:fs'],
  ['version.ts', "import { x } from './core/names.ts'", '/core/names'],
  ['utils/a.ts', "import { x } from './b.ts'", '/utils/b'],
  ['gateway/a.ts', 'if (process.env.DEBUG) x()', 'process.env'],
])('%s may not have: %s', (path, text, used) => {
  expect(violations(path, text)).toEqual([`${path} uses ${used}`])
})

test.each([
  ['main.ts', "import { createApp } from './app/index.ts'\nprocess.env.PORT"],
  ['core/ports/log.ts', "import type { Entry } from '../model.ts'\nimport { x } from 'node:util'"],
  ['protocol/portal.ts', "import Type from 'typebox'\nimport type { ErrorCode } from '../core/errors.ts'"],
  ['http/a.ts', "import type { FoundRoom } from '../core/ports/room-store.ts'"],
  ['gateway/a.ts', "import type { SessionConnection } from '../core/ports/connection.ts'"],
  ['state/redis/a.ts', "import { Redis } from 'ioredis'\nimport { b } from './b.ts'\n// from '../http/x.ts'"],
])('%s may have: %s', (path, text) => {
  expect(violations(path, text)).toEqual([])
})
