import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment'
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { freePorts } from '../support/ports.ts'
import { startProcess } from '../support/process.ts'
import { randomPrefix } from '../support/redis.ts'
import { environmentOf } from './environment.ts'
import { all, build, one, podOf } from './manifests.ts'

const manifests = build('k8s')
const password = 'f00d'.repeat(8)
const children = new Set<ChildProcess>()

afterEach(async () => {
  await Promise.all([...children].map(stop))
})

async function stop(child: ChildProcess): Promise<void> {
  children.delete(child)
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

/** The command of the StatefulSet's container, with other folders and another port. */
async function startRedis(folder: string, port: number): Promise<ChildProcess> {
  const { container } = podOf(one<IDeployment>(manifests, 'StatefulSet', 'signalbox-redis'))
  const map = all<IConfigMap>(manifests, 'ConfigMap').find(({ data }) => data?.['redis.conf'])
  const settings = map?.data?.['redis.conf']?.replace('dir /data', `dir ${folder}/data`) ?? ''
  await mkdir(join(folder, 'data'), { recursive: true })
  await writeFile(join(folder, 'redis.conf'), `${settings}\nport ${port}\nbind 127.0.0.1\n`)
  const [shell = '', ...rest] = container.command ?? []
  const child = spawn(
    shell,
    rest.map((text) => text.replace('/etc/redis', folder)),
    {
      env: { PATH: process.env.PATH, REDISCLI_AUTH: password },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  children.add(child)
  return child
}

function client(port: number, secret?: string): Redis {
  const redis = new Redis(port, '127.0.0.1', { ...(secret ? { password: secret } : {}), retryStrategy: () => 20 })
  redis.on('error', () => {})
  onTestFinished(() => redis.disconnect())
  return redis
}

test('a node with the options of the manifests works with their Redis, which keeps its data over a restart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-k8s-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const [port = 0] = await freePorts(1)
  const first = await startRedis(folder, port)
  const redis = client(port, password)
  expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction'])
  await expect(client(port).ping()).rejects.toThrow('NOAUTH')

  const { REDIS_URL = '', ...environment } = environmentOf(manifests, {
    SIGNALBOX_SECRET: 'a'.repeat(64),
    REDIS_PASSWORD: password,
  })
  const prefix = randomPrefix()
  const redisUrl = REDIS_URL.replace(/@.*/, `@127.0.0.1:${port}`)
  const node = await startProcess({ redisUrl, prefix, env: environment })
  expect(await (await fetch(`${node.opsUrl}/metrics`)).text()).toContain(`id="${environment.NODE_ID}"`)
  expect(await redis.keys(`${prefix}:node*`)).not.toEqual([])

  await redis.set(`${prefix}:kept`, 'yes')
  await stop(first)
  expect(first.exitCode).toBe(0)
  await startRedis(folder, port)
  expect(await redis.get(`${prefix}:kept`)).toBe('yes')
})
