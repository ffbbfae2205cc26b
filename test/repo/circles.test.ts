import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')

/** What the linter reports of two files in this folder of a project with our configuration. */
function lint(path: string, a: string, b: string): string {
  const project = mkdtempSync(join(tmpdir(), 'signalbox-circles-'))
  try {
    const configuration = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'))
    writeFileSync(join(project, 'biome.json'), JSON.stringify({ ...configuration, vcs: undefined }))
    mkdirSync(join(project, path), { recursive: true })
    writeFileSync(join(project, path, 'a.ts'), a)
    writeFileSync(join(project, path, 'b.ts'), b)
    const { stdout, stderr } = spawnSync(process.execPath, [biome, 'lint', '--colors=off', '.'], { cwd: project })
    return `${stdout}${stderr}`
  } finally {
    rmSync(project, { recursive: true })
  }
}

const typeB = "import type { A } from './a.ts'\n\nexport type B = { a: A }\n"

test.each([
  'src/app',
  'src/client',
  'src/core',
  'src/dialects',
  'src/gateway',
  'src/http',
  'src/protocol',
  'src/state',
  'test/support',
])('in %s the linter refuses two modules that import each other, also for types alone', (path) => {
  expect(lint(path, "import type { B } from './b.ts'\n\nexport type A = { b: B }\n", typeB)).toContain(
    'lint/suspicious/noImportCycles',
  )
  expect(lint(path, 'export type A = { b: number }\n', typeB)).toMatch(/Checked \d+ files .* No fixes applied/)
})
