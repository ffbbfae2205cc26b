import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, inject, vi } from 'vitest'
import { bundle } from './bundle.ts'
import { afterEvery } from './cleanup.ts'
import { testSecret } from './node.ts'
import { freePorts } from './ports.ts'
import { asDocumentedUser } from './redis-user.ts'
import { steppingClockOf } from './stepping-clock.ts'

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

export type ProcessOptions = {
  redisUrl: string
  /** Processes with the same prefix form a cluster. */
  prefix: string
  env?: { [option: string]: string | number }
  /** The file that starts it. Default: a bundle of this tree's `dist/main.js`. */
  entry?: string
  /** It is killed then if it still runs. Default: after the test. */
  until?: Until
}

type Until = 'after the test' | 'after the file'

export type Exit = { code: number | null; signal: NodeJS.Signals | null }

/** A node in its own process. */
export type NodeProcess = {
  url: string
  opsUrl: string
  pid: number
  kill(signal: NodeJS.Signals): void
  exited: Promise<Exit>
  /** Waits for its end and starts a process like it, on the same ports, with some options changed. Resolves when it is ready. */
  restart(changes?: ProcessOptions['env']): Promise<NodeProcess>
  /** As `restart`, but resolves before the new process is ready. */
  relaunch(): Promise<NodeProcess>
  /** What it printed and logged: from level `warn` up, unless LOG_LEVEL is set. */
  output(): string
}

type Running = { url: string; opsUrl: string; options: ProcessOptions; until: Until }

const running = new Map<ChildProcess, Running>()

/** The node processes that this process has started and that have not ended. */
export const runningProcesses = (): Running[] => [...running.values()]

/** How long a node may take to become ready. In the soak it may wait for Redis for two minutes. */
const readyTimeoutMs = process.env.SIGNALBOX_SOAK === '1' ? 180_000 : 30_000

const kill = (until?: Until) =>
  [...running].flatMap(([child, ends]) => {
    if (until && ends.until !== until) return []
    child.kill('SIGKILL')
    return [exitOf(child)]
  })
process.on('exit', () => kill())
afterEvery('test', async () => {
  await Promise.all(kill('after the test'))
})
afterEvery('file', async () => {
  await Promise.all(kill())
})

/** Starts a node on free ports as the documented user of Redis; resolves when /readyz answers 200. */
export async function startProcess(given: ProcessOptions): Promise<NodeProcess> {
  const options = await complete({ ...given, redisUrl: await asDocumentedUser(given.redisUrl, given.prefix) })
  for (let attempt = 1; ; attempt += 1) {
    const [port = 0, opsPort = 0] = await freePorts(2)
    const node = spawnNode(port, opsPort, options)
    const ended = await readyOrEnded(node)
    if (ended === undefined) return node
    const portInUse = node.output().includes('EADDRINUSE')
    if (!portInUse || attempt === 3) throw new Error(endMessage(node, ended))
  }
}

/** Starts a process without waiting until it is ready: see `untilReady`. */
export async function launchProcess(given: ProcessOptions): Promise<NodeProcess> {
  const options = await complete(given)
  const [port = 0, opsPort = 0] = await freePorts(2)
  return spawnNode(port, opsPort, options)
}

type CompleteOptions = ProcessOptions & Required<Pick<ProcessOptions, 'entry'>>

/** Adds the entry file and the faked clock. The processes that are started in place of this one keep them. */
async function complete(options: ProcessOptions): Promise<CompleteOptions> {
  const { prefix, env = {}, entry = await bundledMain() } = options
  return { ...options, entry, env: { ...env, ...steppingClockOf(prefix, env) } }
}

async function bundledMain(): Promise<string> {
  const outfile = join(inject('runFolder'), 'node.mjs')
  await bundle(main, outfile)
  return outfile
}

/** Resolves when /readyz answers 200. @throws Error if the process ends before */
export async function untilReady(node: NodeProcess): Promise<void> {
  const ended = await readyOrEnded(node)
  if (ended !== undefined) throw new Error(endMessage(node, ended))
}

/** Resolves to undefined when it is ready, or to how it ended. */
const readyOrEnded = (node: NodeProcess) => Promise.race([whenReady(node), node.exited])

const endMessage = (node: NodeProcess, ended: Exit) => `The node ended (${JSON.stringify(ended)}):\n${node.output()}`

export function startProcesses(count: number, options: ProcessOptions): Promise<NodeProcess[]> {
  return Promise.all(Array.from({ length: count }, () => startProcess(options)))
}

function spawnNode(port: number, opsPort: number, options: CompleteOptions): NodeProcess {
  const { redisUrl, prefix, env = {}, entry, until = 'after the test' } = options
  const settings = {
    HOST: '127.0.0.1',
    PORT: port,
    OPS_PORT: opsPort,
    REDIS_URL: redisUrl,
    REDIS_PREFIX: prefix,
    MESSAGES_PER_SECOND: '100000',
    MESSAGE_BURST: '100000',
    SIGNALBOX_SECRET: testSecret,
    LOG_LEVEL: 'warn',
    ...env,
  }
  const texts = Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]))
  const child = spawn(process.execPath, [entry], {
    env: { PATH: process.env.PATH, ...texts }, // nothing else of the test runner's environment
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const urls = { url: `http://127.0.0.1:${port}`, opsUrl: `http://127.0.0.1:${opsPort}` }
  running.set(child, { ...urls, options, until })
  const exited = exitOf(child).finally(() => running.delete(child))
  let printed = ''
  const record = (text: Buffer) => {
    printed += text
  }
  child.stdout.on('data', record)
  child.stderr.on('data', record)
  return {
    ...urls,
    pid: child.pid ?? 0,
    kill: (signal) => child.kill(signal),
    exited,
    restart: async (changes = {}) => {
      await exited
      const next = spawnNode(port, opsPort, { ...options, env: { ...env, ...changes } })
      await untilReady(next)
      return next
    },
    relaunch: async () => {
      await exited
      return spawnNode(port, opsPort, options)
    },
    output: () => printed,
  }
}

function exitOf(child: ChildProcess): Promise<Exit> {
  const { exitCode: code, signalCode: signal } = child
  if (code !== null || signal !== null) return Promise.resolve({ code, signal })
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.once('error', () => resolve({ code: null, signal: null }))
  })
}

/** Polls /readyz. Another node may listen on the port by now, so the node itself has to print that it listens. */
async function whenReady({ opsUrl, exited, output }: NodeProcess): Promise<undefined> {
  let ended = false
  void exited.finally(() => {
    ended = true
  })
  await vi.waitUntil(
    async () => ended || (output().includes('Signalbox is at') && (await statusOf(`${opsUrl}/readyz`)) === 200),
    {
      timeout: readyTimeoutMs,
      interval: 25,
    },
  )
}

/** The HTTP status of a GET request; 0 if no server answers. */
export async function statusOf(url: string): Promise<number> {
  return fetch(url).then(
    ({ status }) => status,
    () => 0,
  )
}

/** Checks that the nodes answer /healthz, and that none has logged an error of level `fatal`. */
export async function expectUnharmed(nodes: NodeProcess[]): Promise<void> {
  for (const node of nodes) {
    expect(await statusOf(`${node.opsUrl}/healthz`)).toBe(200)
    expect(node.output()).not.toContain('"level":60')
  }
}
