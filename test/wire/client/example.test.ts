import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { newRoom, startNode } from '../../support/node.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

test('the example of the SDK says hello to itself and ends', async () => {
  const { url } = await startNode()
  const started = promisify(execFile)(process.execPath, ['--import', 'tsx', 'examples/sdk.ts', url, newRoom()], {
    cwd: root,
  })
  const { stdout } = await started
  expect(stdout).toMatch(/^[0-9a-zA-Z-]+: hello\n$/)
})
