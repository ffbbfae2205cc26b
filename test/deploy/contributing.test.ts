import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ts from 'typescript'
import { afterAll, expect, test } from 'vitest'
import { readDocument, root } from '../support/markdown.ts'

/** Performs the steps of CONTRIBUTING.md#an-event-step-by-step in a copy of the repository. */

type Block = { path: string; language: string; text: string }
type Step = { title: string; blocks: Block[] }

const copies: string[] = []
afterAll(() => {
  for (const folder of copies) rmSync(folder, { recursive: true, force: true })
})

/** Each step has a title in bold type, names one file in backticks that have a slash, and has the blocks of code for it. */
function stepsOf(document: string): Step[] {
  const part = document.split('### An event, step by step\n')[1]?.split(/^###? /m)[0] ?? ''
  return part
    .split(/^\d+\. /m)
    .slice(1)
    .map((text) => {
      const title = /^\*\*(.+?)\.\*\*/.exec(text)?.[1] ?? ''
      const path = /`([\w.-]+\/[\w./-]+\.\w+)`/.exec(text)?.[1] ?? ''
      const fences = text.matchAll(/^ {3}```(\w+)\n(.*?)^ {3}```$/gms)
      const blocks = [...fences].map(([, language = '', code = '']) => ({
        path,
        language,
        text: code.replace(/^ {3}/gm, ''),
      }))
      return { title, blocks }
    })
}

/** A `ts` block is a new file. A `diff` block adds its lines with `+` after its other lines, which the file has once. */
function applied({ path, language, text }: Block, before: string | undefined): string {
  if (language === 'ts') {
    if (before !== undefined) throw new Error(`${path} exists`)
    return text
  }
  const lines = text.replace(/\n$/, '').split('\n')
  const context = lines.filter((line) => line.startsWith(' ')).map((line) => line.slice(1))
  const added = lines.filter((line) => line.startsWith('+')).map((line) => line.slice(1))
  const anchor = `${context.join('\n')}\n`
  const parts = (before ?? '').split(anchor)
  if (context.length === 0 || parts.length !== 2) throw new Error(`${path} has ${parts.length - 1} times: ${anchor}`)
  return parts.join(`${anchor}${added.join('\n')}\n`)
}

function copyOfRepository(): string {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-steps-'))
  copies.push(folder)
  for (const name of [
    'src',
    'test/support',
    'test/integration/rooms',
    'docs',
    'package.json',
    'tsconfig.json',
    'vitest.config.ts',
    'biome.json',
  ]) {
    cpSync(join(root, name), join(folder, name), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

function take(steps: Step[], folder: string): void {
  for (const block of steps.flatMap(({ blocks }) => blocks)) {
    const file = join(folder, block.path)
    writeFileSync(file, applied(block, textOf(file)))
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

const testFile = 'test/integration/rooms/topic.test.ts'

/** Runs a program of node_modules, and returns what it printed, and whether it succeeded. */
function run(folder: string, program: string, ...args: string[]): Promise<{ succeeded: boolean; output: string }> {
  const { VITEST: _, VITEST_WORKER_ID: __, VITEST_POOL_ID: ___, NODE_ENV: ____, ...env } = process.env
  const command = [join(root, 'node_modules', program), ...args]
  return new Promise((resolve) => {
    execFile(process.execPath, command, { cwd: folder, env, maxBuffer: 2 ** 24 }, (error, stdout, stderr) =>
      resolve({ succeeded: error === null, output: `${stdout}${stderr}` }),
    )
  })
}

/** Parsed files, which all compilations share. */
const parsedFiles = new Map<string, ts.SourceFile | undefined>()

/**
 * The errors of the compiler after these steps. It writes no files.
 * @param checked only files whose path has this part, all of src without it
 */
function compile(taken: Step[], checked?: string): string[] {
  const files = new Map<string, string>()
  for (const block of taken.flatMap(({ blocks }) => blocks)) {
    const file = join(root, block.path)
    files.set(file, applied(block, files.get(file) ?? textOf(file)))
  }
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const include = ['src', 'test/support/redis-setup.ts']
  const { options, fileNames } = ts.parseJsonConfigFileContent({ ...config, include }, ts.sys, root)
  const host = ts.createCompilerHost(options)
  const { getSourceFile } = host
  host.fileExists = (name) => files.has(name) || ts.sys.fileExists(name)
  host.readFile = (name) => files.get(name) ?? ts.sys.readFile(name)
  host.getSourceFile = (name, version, ...rest) => {
    const text = files.get(name)
    if (text !== undefined) return ts.createSourceFile(name, text, version)
    if (!parsedFiles.has(name)) parsedFiles.set(name, getSourceFile(name, version, ...rest))
    return parsedFiles.get(name)
  }
  const program = ts.createProgram([...fileNames, join(root, testFile)].filter(host.fileExists), options, host)
  const sources = program.getSourceFiles().filter(({ fileName }) => fileName.includes(checked ?? ''))
  const found =
    checked === undefined
      ? ts.getPreEmitDiagnostics(program)
      : sources.flatMap((file) => program.getSemanticDiagnostics(file))
  return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

const runTest = (folder: string) => run(folder, 'vitest/vitest.mjs', 'run', testFile)

const steps = stepsOf(readDocument('CONTRIBUTING.md'))
const without = (title: string) => steps.filter((step) => step.title !== title)

test('each of the seven steps names a file and has code for it', () => {
  expect(steps).toHaveLength(7)
  for (const { title, blocks } of steps) {
    expect(title).not.toBe('')
    expect(blocks.length).toBeGreaterThan(0)
    for (const { path } of blocks) expect(path).toContain('/')
  }
})

test('after all steps the repository compiles', { timeout: 240_000 }, () => {
  expect(compile(steps)).toEqual([])
})

test('after all steps biome finds no error, and the test of the new event passes', {
  timeout: 240_000,
}, async () => {
  const folder = copyOfRepository()
  take(steps, folder)
  const changed = steps.flatMap(({ blocks }) => blocks.map(({ path }) => path)).filter((path) => path.endsWith('.ts'))
  const format = await run(folder, '@biomejs/biome/bin/biome', 'check', '--vcs-enabled=false', ...new Set(changed))
  expect(format).toMatchObject({ succeeded: true })
  const { succeeded, output } = await runTest(folder)
  expect(output).toContain('2 passed')
  expect(succeeded).toBe(true)
})

test.each([
  ['The schema', "Property 'topic' does not exist"],
  ['The entry', `Type '"topic"' is not assignable`],
  ['The handler', "Cannot find module './topic.ts'"],
  ['Its place in the dialect', "Property 'topic' is missing"],
])('without the step "%s" the compiler refuses the copy', { timeout: 240_000 }, (title, message) => {
  const found = compile(without(title), '/dialects/rooms/')
  expect(found).toEqual(expect.arrayContaining([expect.stringContaining(message)]))
})

test('without the step "The notification" the test of the new event fails', { timeout: 240_000 }, async () => {
  const folder = copyOfRepository()
  take(without('The notification'), folder)
  const { succeeded, output } = await runTest(folder)
  expect(succeeded).toBe(false)
  expect(output).toContain('1 failed')
})

test.each([
  ['a line that the file does not have', 'b\n'],
  ['a line that the file has twice', 'a\na\n'],
])('a step that follows %s fails', (_, before) => {
  expect(() => applied({ path: 'a.ts', language: 'diff', text: ' a\n+b\n' }, before)).toThrow('a.ts has')
  expect(applied({ path: 'a.ts', language: 'diff', text: ' a\n+b\n' }, 'a\nc\n')).toBe('a\nb\nc\n')
})
