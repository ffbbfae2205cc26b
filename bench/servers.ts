import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts } from '../test/support/ports.ts'

/** A server process under load. */
export type Server = {
  url: string
  /** CPU time used so far, seconds. */
  cpu: () => Promise<number>
  /** The text of /metrics; empty for a bare server. */
  metrics: () => Promise<string>
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  stop: (signal?: NodeJS.Signals) => Promise<void>
}

export type ServerOptions = {
  /** Options of Node.js. */
  execArgv?: string[]
  /** Gets what the process writes to stderr. By default it appears on this process's stderr. */
  onError?: (text: string) => void
}

export type NodeOptions = ServerOptions & {
  env?: { [option: string]: string }
  /** Folder of the build; by default that of this project. */
  dist?: string
}

export type BenchRedis = {
  url: string
  /** Stops the process with its connections open, until `resume`. */
  pause: () => void
  resume: () => void
  stop: () => Promise<void>
}

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url))
export const secret = 'bench-bench-bench-bench-bench-bench'

export async function startRedis(): Promise<BenchRedis> {
  const [port] = await freePorts(1)
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await untilPrinted(child, 'Ready to accept')
  return {
    url: `redis://127.0.0.1:${port}`,
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    stop: () => endProcess(child),
  }
}

export async function startBareServer(
  redisUrl: string,
  adapter: 'classic' | 'sharded',
  { execArgv = [], onError }: ServerOptions = {},
): Promise<Server> {
  const child = fork(file('./peers/bare-server.ts'), {
    env: { ...process.env, REDIS_URL: redisUrl, ADAPTER: adapter },
    execArgv: [...process.execArgv, ...execArgv],
    silent: onError !== undefined,
  })
  child.stdout?.resume()
  readErrors(child, onError)
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('The bare server ended before it listened')))
  ended.catch(() => {})
  const [{ port }] = (await Promise.race([once(child, 'message'), ended])) as [{ port: number }]
  return {
    url: `http://127.0.0.1:${port}`,
    cpu: async () => {
      child.send('cpu')
      const [{ cpu }] = (await once(child, 'message')) as [{ cpu: number }]
      return cpu
    },
    metrics: async () => '',
    exited: exitOf(child),
    stop: (signal = 'SIGINT') => endProcess(child, signal),
  }
}

export async function startNode(redisUrl: string, options: NodeOptions = {}): Promise<Server> {
  const { env = {}, dist = file('../dist'), execArgv = [], onError } = options
  const [port, opsPort] = await freePorts(2)
  const url = `http://127.0.0.1:${port}`
  const settings = {
    ...process.env,
    HOST: '127.0.0.1',
    PORT: String(port),
    OPS_PORT: String(opsPort),
    NODE_URL: url,
    REDIS_URL: redisUrl,
    SIGNALBOX_SECRET: secret,
    LOG_LEVEL: 'warn',
    NODE_ENV: 'development',
    ...env,
  }
  const child = spawn(process.execPath, [...execArgv, join(resolve(dist), 'main.js')], {
    env: settings,
    stdio: ['ignore', 'pipe', onError ? 'pipe' : 'inherit'],
  })
  readErrors(child, onError)
  await untilPrinted(child, 'Signalbox is at')
  const metrics = async () => (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text()
  return {
    url,
    cpu: async () => Number(/^process_cpu_seconds_total (\S+)/m.exec(await metrics())?.[1]),
    metrics,
    exited: exitOf(child),
    stop: (signal = 'SIGINT') => endProcess(child, signal),
  }
}

function readErrors(child: ChildProcess, onError: ServerOptions['onError']): void {
  if (onError) child.stderr?.on('data', (text: Buffer) => onError(text.toString()))
}

/** Its later output is discarded. @throws Error if the process ends before it prints the text */
function untilPrinted(child: ChildProcess, text: string): Promise<void> {
  let printed: string | undefined = ''
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (part: Buffer) => {
      if (printed === undefined) return
      printed += part.toString()
      if (!printed.includes(text)) return
      printed = undefined
      resolve()
    })
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`${child.spawnargs.join(' ')} ended without "${text}": ${printed}`)))
  })
}

function exitOf(child: ChildProcess): Server['exited'] {
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })))
}

async function endProcess(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  await once(child, 'exit')
}
