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
  /** Processes with the same prefix are a cluster. */
  prefix: string
  env?: { [option: string]: string | number }
  /** The file that starts it. Default: a bundle of this tree's `dist/main.js`. */
  entry?: string
  /** When it is killed at the latest. Default: after the test. */
  until?: Until
}

type Until = 'after the test' | 'after the file'

export type Exit = { code: number | null; signal: NodeJS.Signals | null }

/** A node in a process of its own, as it would run on a machine of its own. */
export type NodeProcess = {
  url: string
  opsUrl: string
  pid: number
  kill(signal: NodeJS.Signals): void
  exited: Promise<Exit>
  /** After it has ended: another process like it, on the same ports, with these options changed. Resolves when it is ready. */
  startAnew(changes?: ProcessOptions['env']): Promise<NodeProcess>
  /** The same, but resolves at once. */
  launchAnew(): Promise<NodeProcess>
  /** What it printed and logged: warnings and worse, unless LOG_LEVEL says otherwise. */
  output(): string
}

type Running = { url: string; opsUrl: string; options: ProcessOptions; until: Until }

const running = new Map<ChildProcess, Running>()

/** Those that were started here and have not ended. */
export const runningProcesses = (): Running[] => [...running.values()]

/** How long a node may take to become ready; a Redis that it waits for may be away for two minutes. */
const readyMs = process.env.SIGNALBOX_SOAK === '1' ? 180_000 : 30_000

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

/** Starts a node on free ports as the documented user of Redis; resolves when /readyz says 200. */
export async function startProcess(given: ProcessOptions): Promise<NodeProcess> {
  const options = await complete({ ...given, redisUrl: await asDocumentedUser(given.redisUrl, given.prefix) })
  for (let attempt = 1; ; attempt += 1) {
    const [port = 0, opsPort = 0] = await freePorts(2)
    const node = spawnNode(port, opsPort, options)
    const ended = await orEnd(node)
    if (ended === undefined) return node
    const taken = node.output().includes('EADDRINUSE') // somebody else was quicker
    if (!taken || attempt === 3) throw new Error(sayEnded(node, ended))
  }
}

/** A process that has only just been started, and may become ready later or never: see `untilReady`. */
export async function launchProcess(given: ProcessOptions): Promise<NodeProcess> {
  const options = await complete(given)
  const [port = 0, opsPort = 0] = await freePorts(2)
  return spawnNode(port, opsPort, options)
}

type CompleteOptions = ProcessOptions & Required<Pick<ProcessOptions, 'entry'>>

/** The clock of a node stays that of the processes that are started in its place. */
async function complete(options: ProcessOptions): Promise<CompleteOptions> {
  const { prefix, env = {}, entry = await bundledMain() } = options
  return { ...options, entry, env: { ...env, ...steppingClockOf(prefix, env) } }
}

async function bundledMain(): Promise<string> {
  const outfile = join(inject('runFolder'), 'node.mjs')
  await bundle(main, outfile)
  return outfile
}

/** Resolves when /readyz says 200. @throws Error when the process ends before */
export async function untilReady(node: NodeProcess): Promise<void> {
  const ended = await orEnd(node)
  if (ended !== undefined) throw new Error(sayEnded(node, ended))
}

/** Resolves when it is ready, or to how it ended. */
const orEnd = (node: NodeProcess) => Promise.race([whenReady(node), node.exited])

const sayEnded = (node: NodeProcess, ended: Exit) => `The node ended (${JSON.stringify(ended)}):\n${node.output()}`

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
    env: { PATH: process.env.PATH, ...texts }, // nothing of what the test runner was started with
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const urls = { url: `http://127.0.0.1:${port}`, opsUrl: `http://127.0.0.1:${opsPort}` }
  running.set(child, { ...urls, options, until })
  const exited = exitOf(child).finally(() => running.delete(child))
  let said = ''
  const note = (text: Buffer) => {
    said += text
  }
  child.stdout.on('data', note)
  child.stderr.on('data', note)
  return {
    ...urls,
    pid: child.pid ?? 0,
    kill: (signal) => child.kill(signal),
    exited,
    startAnew: async (changes = {}) => {
      await exited
      const next = spawnNode(port, opsPort, { ...options, env: { ...env, ...changes } })
      await untilReady(next)
      return next
    },
    launchAnew: async () => {
      await exited
      return spawnNode(port, opsPort, options)
    },
    output: () => said,
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

/** Asks until it is so: nothing tells of it from outside. Another node may have its port by now: it says itself that it listens. */
async function whenReady({ opsUrl, exited, output }: NodeProcess): Promise<undefined> {
  let over = false
  void exited.finally(() => {
    over = true
  })
  await vi.waitUntil(
    async () => over || (output().includes('Signalbox is at') && (await statusOf(`${opsUrl}/readyz`)) === 200),
    {
      timeout: readyMs,
      interval: 25,
    },
  )
}

/** 0 when nobody answers. */
export async function statusOf(url: string): Promise<number> {
  return fetch(url).then(
    ({ status }) => status,
    () => 0,
  )
}

/** They live, and nothing happened in them that nobody had thought of. */
export async function expectUnharmed(nodes: NodeProcess[]): Promise<void> {
  for (const node of nodes) {
    expect(await statusOf(`${node.opsUrl}/healthz`)).toBe(200)
    expect(node.output()).not.toContain('"level":60')
  }
}
