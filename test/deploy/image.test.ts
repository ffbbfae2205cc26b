import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run, start } from '../support/command.ts'
import { inContainer } from '../support/container.ts'
import { buildByHand, type Image } from '../support/dockerfile.ts'
import { root } from '../support/markdown.ts'
import { testSecret } from '../support/node.ts'
import { freePorts } from '../support/ports.ts'
import { statusOf } from '../support/process.ts'
import { until } from '../support/until.ts'

/** The stages of deploy/Dockerfile, performed without Docker in a clean folder, and the resulting image. */
let folder: string
let image: Image

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-image-'))
  await chmod(folder, 0o755)
  image = await buildByHand('deploy/Dockerfile', folder)
}, 240_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

type Lockfile = {
  version: string
  packages: { [path: string]: { dev?: boolean; devOptional?: boolean; optional?: boolean } }
}

test('the image has the files to run a node, and none to build or test it', () => {
  const { packages, version } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lockfile
  const has = (path: string) => existsSync(join(image.folder, 'app', path))
  const listed = Object.entries(packages).filter(([path, { optional }]) => path !== '' && !optional)
  const wrong = listed.filter(([path, { dev = false, devOptional = false }]) => has(path) === (dev || devOptional))
  expect(wrong.map(([path]) => path)).toEqual([])
  expect(['LICENSE', 'dist/main.js', 'dist/state/redis/lua', 'healthcheck.mjs'].filter((path) => !has(path))).toEqual(
    [],
  )
  expect(['src', 'test', 'scripts', 'deploy', '.git'].filter(has)).toEqual([])
  expect(readFileSync(join(root, 'deploy/Dockerfile'), 'utf8')).toContain(`ARG VERSION=${version}\n`)
})

test('the image runs as a user without privileges on a read-only root, and exits with code 0', {
  timeout: 60_000,
}, async () => {
  expect(image.user).toMatch(/^[1-9]\d*:[1-9]\d*$/)
  const [port = 0, opsPort = 0] = await freePorts(2)
  const env = { ...image.env, HOST: '127.0.0.1', PORT: port, OPS_PORT: opsPort, SIGNALBOX_SECRET: testSecret }
  const check = (...args: string[]) => run(inContainer(image, [...image.healthcheck, ...args]), [], env)
  expect((await check()).code).toBe(1)

  const node = start(inContainer(image, [...image.entrypoint, ...image.command]), [], env)
  await node.line(/^Signalbox is at/)
  expect(await check()).toMatchObject({ code: 0, stderr: '' })
  expect(await check('/readyz')).toMatchObject({ code: 0, stderr: '' })
  expect(await check('/nothing')).toMatchObject({ code: 1, stderr: expect.stringMatching(/^\/nothing: 404 \{/) })

  const pid = innermost(node.pid)
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  expect(/^Uid:\t(.*)$/m.exec(status)?.[1]).not.toMatch(/\b0\b/)
  expect(/^CapEff:\t0*(.*)$/m.exec(status)?.[1]).toBe('')
  process.kill(pid, 'SIGTERM')
  expect(await node.exited).toMatchObject({ code: 0, signal: null })
  await until(async () => (await statusOf(`http://127.0.0.1:${opsPort}/healthz`)) === 0)
})

/** The pid of the node, which may be a child of the program that isolates it. */
function innermost(pid: number): number {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
  return child ? innermost(Number(child)) : pid
}
