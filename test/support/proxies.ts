import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEvery } from './cleanup.ts'
import { root } from './markdown.ts'
import { freePorts } from './ports.ts'
import { type NodeProcess, statusOf } from './process.ts'
import { until } from './until.ts'

/** The addresses of the nodes of compose.yaml, in the order in which the shipped files name them. */
export const shippedNodes = ['172.30.80.11', '172.30.80.12', '172.30.80.13']

export type Proxy = {
  name: string
  /** The shipped configuration, from the project's root. */
  file: string
  /** The program and its arguments for a configuration: to run it, or to check it only. */
  run: (file: string) => [string, ...string[]]
  check: (file: string) => [string, ...string[]]
  /** Changes a configuration so that it serves the nodes below `/signal` only, and strips that prefix or keeps it. */
  below: (config: string, strip: boolean) => string
}

export const proxies: Proxy[] = [
  {
    name: 'nginx',
    file: 'deploy/nginx.conf',
    run: (file) => ['nginx', '-c', file, '-g', 'daemon off;'],
    check: (file) => ['nginx', '-t', '-c', file],
    below: (config, strip) => {
      const stripping = strip ? 'rewrite ^/signal(/.*) $1 break; ' : ''
      return config.replace('location / {', () => `location ${strip ? '/signal/' : '/signal'} { ${stripping}`)
    },
  },
  {
    name: 'haproxy',
    file: 'deploy/haproxy.cfg',
    run: (file) => ['haproxy', '-db', '-f', file],
    check: (file) => ['haproxy', '-c', '-f', file],
    below: (config, strip) => {
      const replacing = strip ? '  http-request replace-path /signal(/.*) \\1\n' : ''
      return config.replace(
        '  default_backend nodes\n',
        `  http-request deny deny_status 404 if !{ path_beg /signal }\n${replacing}  default_backend nodes\n`,
      )
    },
  },
]

const ends = new Set<() => Promise<void>>()
afterEvery('test', async () => {
  await Promise.all([...ends].map((end) => end()))
  ends.clear()
})

/**
 * Starts the proxy with its shipped configuration, in which it changes only addresses, ports and folders, and what `edit` changes.
 * Resolves when it answers; it is ended after the test.
 */
export async function startProxy(
  { file, run }: Proxy,
  nodes: readonly NodeProcess[],
  edit = (config: string) => config,
): Promise<{ url: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-proxy-'))
  await chmod(folder, 0o755) // nginx's workers have another user when the test runs as root
  const [port = 0, healthPort = 0] = await freePorts(2)
  const shipped = await readFile(join(root, file), 'utf8')
  let config = shipped
    .replace(/^( *listen) 8080;/m, `$1 127.0.0.1:${port};`)
    .replace(/^( *bind) :8080$/m, `$1 127.0.0.1:${port}`)
    .replace('127.0.0.1:8081', `127.0.0.1:${healthPort}`)
    .replaceAll('/tmp/', `${folder}/`)
  for (const [index, { url, opsUrl }] of nodes.entries())
    config = pointTo(config, shippedNodes[index] ?? '', url, opsUrl)
  const path = join(folder, 'proxy.conf')
  await writeFile(path, edit(config))
  const [command, ...args] = run(path)
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = '' // a restart prints thousands of lines; the error message has the last ones
  child.stderr.on('data', (text: Buffer) => {
    stderr = `${stderr}${text}`.slice(-4000)
  })
  ends.add(async () => {
    await end(child)
    await rm(folder, { recursive: true, force: true })
  })
  const ended = once(child, 'exit').then(([code]): never => {
    throw new Error(`${command} ended with ${code}: ${stderr}`)
  })
  await Promise.race([until(async () => (await statusOf(`http://127.0.0.1:${healthPort}/healthz`)) === 200), ended])
  ended.catch(() => {}) // that it ends later is no error
  return { url: `http://127.0.0.1:${port}` }
}

/** Sends SIGTERM, because nginx's workers would not notice that SIGKILL has ended their master. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

/** Replaces the address of a node of compose.yaml by that of a node of the test in each line. */
function pointTo(config: string, shipped: string, url: string, opsUrl: string): string {
  return config
    .split('\n')
    .map((line) =>
      line.includes(`${shipped}:8080`)
        ? line
            .replace(`${shipped}:8080`, new URL(url).host)
            .replace('check port 9464', `check port ${new URL(opsUrl).port}`)
        : line,
    )
    .join('\n')
}
