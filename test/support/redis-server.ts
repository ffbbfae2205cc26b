import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePorts } from './ports.ts'

/** A `redis-server` process with its own folder, on a free port of the loopback interface. */
export type RedisServer = {
  url: string
  port: number
  pid: number
  /** SIGSTOP: the process hangs with its connections open, as on an overloaded machine, until `resume`. */
  pause(): void
  resume(): void
  /** Sends SIGKILL. The folder stays. */
  kill(): Promise<void>
  /** Starts a killed server again, on the same port and with the same folder. Resolves when it answers. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** @throws Error that says how to install Redis, unless version 7 or newer is installed */
export function requireRedis(command = 'redis-server'): void {
  const { stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' })
  const version = /v=(\d+)\.(\S+)/.exec(stdout ?? '')
  if (version && Number(version[1]) >= 7) return
  const found = version ? `version ${version[1]}.${version[2]} was found` : 'none was found'
  const install = process.platform === 'darwin' ? 'brew install redis' : 'sudo apt-get install redis-server'
  throw new Error(`The tests need redis-server 7 or newer, and ${found}. Install it: ${install}`)
}

/** Starts one server without persistence; resolves when it answers. */
export function spawnRedis(
  extra: (port: number) => Promise<string[]> | string[] = () => [],
  env: Environment = {},
): Promise<RedisServer> {
  return spawnServer(
    async (port, folder) => [
      ...['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'],
      ...(await extra(port)),
    ],
    env,
  )
}

/** Starts `redis-server` with the arguments for a port and a folder of its own; resolves when it answers. */
export async function spawnServer(
  argsFor: (port: number, folder: string) => Promise<string[]> | string[],
  env: Environment = {},
): Promise<RedisServer> {
  requireRedis()
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-redis-'))
  for (let attempt = 1; ; attempt += 1) {
    const [port = 0] = await freePorts(1)
    const args = await argsFor(port, folder)
    const child = run(args, env)
    try {
      await untilAnswers(child, port)
      return handle(child, { args, env }, port, folder)
    } catch (error) {
      await end(child)
      if (attempt < 3) continue // another process may have taken the port
      await rm(folder, { recursive: true, force: true })
      throw error
    }
  }
}

/** Variables that are added to this process's environment. */
type Environment = { [name: string]: string }

const run = (args: string[], env: Environment) =>
  spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } })

/** Resolves at the first PONG. @throws Error with the server's last output if it ends before that */
async function untilAnswers(child: ChildProcess, port: number): Promise<void> {
  let output = ''
  child.stdout?.on('data', (text: Buffer) => {
    output = `${output}${text}`.slice(-2000)
  })
  const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 20, maxRetriesPerRequest: null })
  client.on('error', () => {})
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`redis-server ended: ${output}`)))
  })
  try {
    await Promise.race([client.ping(), ended])
  } finally {
    client.disconnect()
  }
}

function handle(
  first: ChildProcess,
  { args, env }: { args: string[]; env: Environment },
  port: number,
  folder: string,
): RedisServer {
  let child = first
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return child.pid ?? 0
    },
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    kill: () => end(child),
    restart: async () => {
      child = run(args, env)
      await untilAnswers(child, port)
    },
    stop: async () => {
      process.off('exit', kill)
      await end(child)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL') // a paused process receives no other signal
  await ended
}
