import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { documents, readDocument, root } from '../support/markdown.ts'

/** The package that npm would publish, unpacked into its own folder, with only its dependencies installed there. */

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const folder = mkdtempSync(join(tmpdir(), 'signalbox-release-'))
const installed = join(folder, 'node_modules/signalbox')
let packed: string[] = []

beforeAll(() => {
  const output = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [{ filename, files }] = JSON.parse(output.slice(output.indexOf('[\n')))
  packed = files.map(({ path }: { path: string }) => path)
  mkdirSync(installed, { recursive: true })
  execFileSync('tar', ['xzf', join(folder, filename), '-C', installed, '--strip-components=1'])
  for (const name of [...Object.keys(manifest.dependencies), '@types/node']) {
    mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  }
}, 60_000)

afterAll(() => rmSync(folder, { recursive: true }))

const run = (program: string, ...args: string[]) => execFileSync(program, args, { cwd: folder, encoding: 'utf8' })

test('the package has the files that a user needs, and no files of the project', () => {
  const ours = packed.filter(
    (path) => !/^(dist|docs|demo)\/|^(README|CHANGELOG)\.md$|^LICENSE$|^package\.json$/.test(path),
  )
  expect(ours).toEqual([])
  expect(packed.filter((path) => /\.map$|\.built$|\.test\.|\.png$/.test(path))).toEqual([])
  expect(packed).toEqual(
    expect.arrayContaining(['dist/cli/main.js', 'dist/main.js', 'dist/state/redis/lua/append.lua']),
  )
})

test('publint finds no fault in the package', async () => {
  const { messages } = await publint({ pkgDir: installed, strict: true, pack: false })
  expect(messages.map((message) => formatMessage(message, manifest))).toEqual([])
})

test('the package has the command, which prints the version', () => {
  expect(run(process.execPath, join(installed, manifest.bin.signalbox), '--version').trim()).toBe(manifest.version)
})

test('every document that names the image has its current version', () => {
  const guides = documents.filter((path) => /\bsignalbox:\d/.test(readDocument(path)))
  expect(guides).toContain('docs/kubernetes.md')
  const files = [...guides, 'deploy/Dockerfile', 'deploy/compose.yaml', 'k8s/base/deployment.yaml']
  for (const file of files) {
    const named = readFileSync(join(root, file), 'utf8').match(/(?<=\bsignalbox:)\d[\w.-]*/g)
    expect({ file, named: [...new Set(named)] }).toEqual({ file, named: [manifest.version] })
  }
})

test.each([
  ['signalbox', ['ConfigError', 'createApp', 'readConfig', 'version']],
  ['signalbox/client', ['BackOff', 'Exchanger', 'Mesh', 'OwtSignaling', 'Portal', 'Rooms', 'SignalboxError']],
  ['signalbox/protocol', ['exchanger', 'management', 'p2p', 'portal', 'rooms', 'session']],
])('%s can be imported', (name, exported) => {
  const names = run(
    process.execPath,
    '--input-type=module',
    '--eval',
    `console.log(Object.keys(await import('${name}')).join())`,
  )
  expect(names.trim().split(',')).toEqual(expect.arrayContaining(exported))
})

test('the types of the package resolve and compile', () => {
  const program = [
    "import { type App, createApp, readConfig } from 'signalbox'",
    "import { Rooms } from 'signalbox/client'",
    "import { type Payload, rooms } from 'signalbox/protocol'",
    'export const app: App = createApp(readConfig({}))',
    "export const client: Rooms = new Rooms({ url: 'http://localhost:8080' })",
    "export const text: Payload<typeof rooms.new_message> = { text: 'hello' }",
  ]
  writeFileSync(join(folder, 'program.mts'), program.join('\n'))
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2023']
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const { stdout } = spawnSync(process.execPath, [compiler, ...options, 'program.mts'], {
    cwd: folder,
    encoding: 'utf8',
  })
  expect(stdout).toBe('')
})
